"""The range shown is the range dragged: a real mouse on the plot and on its axes, while the run trains and after it."""

import threading
import time

import pytest

from tests.live_chart.test_live_chart import append, wait_for
from tests.server.fakes import make_rows

pytestmark = pytest.mark.browser

ONE_PIXEL = 0.004  # of the axis


class Frame:
    """Where the curves of the first panel are on screen, and the ranges of its axes."""

    def __init__(self, page, panel=0):
        self.page, self.panel = page, panel
        box = page.locator(".lc-plot").nth(panel).bounding_box()
        left, top, self.width, self.height = page.evaluate(
            "i => { const { axes, inner } = chart.panels[i]; return [axes.left, 8, inner.w, inner.h] }", panel
        )
        self.left, self.top = box["x"] + left, box["y"] + top

    def at(self, right, down):
        """The pixel at parts of the frame's width and height."""
        return self.left + right * self.width, self.top + down * self.height

    def range(self, axis):
        return self.page.evaluate("([i, axis]) => chart.panels[i].axes.shown[axis].range", [self.panel, axis])

    def drag(self, start, end, meanwhile=lambda: None, button="left", below=0, aside=0):
        """Drags from a point to another in steps; `below` and `aside` are pixels outside the frame: on an axis."""
        mouse = self.page.mouse
        (x0, y0), (x1, y1) = self.at(*start), self.at(*end)
        mouse.move(x0 - aside, y0 + below)
        mouse.down(button=button)
        for i in range(1, 13):
            mouse.move(x0 + (x1 - x0) * i / 12 - aside, y0 + (y1 - y0) * i / 12 + below)
            meanwhile()
        mouse.up(button=button)

    def wait_until(self, axis, expected):
        """Waits until the axis shows a range, to the pixel."""
        span = expected[1] - expected[0]
        deadline = time.monotonic() + 60
        while max(abs(a - b) for a, b in zip(self.range(axis), expected, strict=True)) > 2 * ONE_PIXEL * span:
            assert time.monotonic() < deadline, (axis, self.range(axis), expected)
            self.page.wait_for_timeout(20)


def part(shown, start, end):
    low, high = shown
    return [low + start * (high - low), low + end * (high - low)]


@pytest.fixture(params=["training", "completed"])
def shown(request, stage):
    """A page over 1,000 batches, and whatever happens while one drags."""
    run = stage.store.get("run-1")
    append(run, 1000)
    run.status = "running" if request.param == "training" else "completed"
    page = stage.open(status=run.status)
    wait_for(page, 1000)
    stopped = threading.Event()

    def train():
        while not stopped.wait(0.02):
            append(run, 40)

    thread = threading.Thread(target=train)
    if request.param == "training":
        thread.start()
        page.wait_for_function("chart.feed.total > 1200")
    yield page
    stopped.set()
    if thread.ident:
        thread.join()


def held(page):
    """Waits out a draw, then returns the frame with its ranges as they are when a drag begins."""
    page.wait_for_timeout(100)
    return Frame(page)


def drag_and_compare(page, start, end, expected, **how):
    """Drags; the ranges are read once the button is down, for a live axis moves until then."""
    frame = held(page)
    before = {}

    def read_once():
        if not before:
            before.update(x=frame.range("x"), y=frame.range("y"))

    frame.drag(start, end, meanwhile=read_once, **how)
    for name, (low, high) in expected.items():
        frame.wait_until(name, part(before[name], low, high))
    return frame


def test_a_drag_over_the_plot_shows_the_dragged_range(shown):
    frame = drag_and_compare(shown, (0.25, 0.5), (0.5, 0.5), {"x": (0.25, 0.5)})
    shown.wait_for_timeout(500)  # more rows come; the range stays
    other = Frame(shown, 1)
    assert other.range("x") == frame.range("x") == shown.evaluate("chart.x.zoomed")


def test_a_drag_backwards_and_down_shows_the_dragged_box(shown):
    drag_and_compare(shown, (0.7, 0.2), (0.3, 0.8), {"x": (0.3, 0.7), "y": (0.2, 0.8)})


def test_a_drag_within_a_zoom_is_taken_from_the_zoom(shown):
    drag_and_compare(shown, (0.2, 0.5), (0.8, 0.5), {"x": (0.2, 0.8)})
    drag_and_compare(shown, (0.25, 0.5), (0.5, 0.5), {"x": (0.25, 0.5)})


def test_a_drag_along_the_x_axis_zooms_x_only(shown):
    drag_and_compare(shown, (0.25, 1), (0.5, 1), {"x": (0.25, 0.5)}, below=15)
    assert shown.evaluate("chart.panels[0].yRange.zoomed") is None


def test_a_drag_along_the_y_axis_zooms_y_only(shown):
    drag_and_compare(shown, (0, 0.75), (0, 0.25), {"y": (0.25, 0.75)}, aside=15)
    assert shown.evaluate("chart.x.zoomed") is None


def test_a_drag_on_a_logarithmic_axis_shows_the_dragged_range(shown):
    shown.get_by_label("Log y").check()
    # A drag starts from the ranges on screen.
    shown.wait_for_function("chart.panels[0].axes.shown.y.isLog")
    drag_and_compare(shown, (0.3, 0.2), (0.7, 0.6), {"x": (0.3, 0.7), "y": (0.4, 0.8)})


def test_a_drag_that_leaves_the_plot_ends_at_its_edge(shown):
    drag_and_compare(shown, (0.5, 0.5), (1.4, 0.5), {"x": (0.5, 1.0)})


@pytest.mark.parametrize("how", ["shift", "middle", "mode"])
def test_the_view_can_be_moved(shown, how):
    drag_and_compare(shown, (0.2, 0.5), (0.6, 0.5), {"x": (0.2, 0.6)})
    if how == "mode":
        shown.get_by_role("button", name="pan").click()
    if how == "shift":
        shown.keyboard.down("Shift")
    frame = held(shown)
    before = frame.range("x")
    frame.drag((0.5, 0.5), (0.75, 0.5), button="middle" if how == "middle" else "left")
    frame.wait_until("x", part(before, -0.25, 0.75))


def test_the_wheel_zooms_at_the_pointer_and_out_to_everything(shown):
    frame = held(shown)
    shown.mouse.move(*frame.at(0.5, 0.5))
    shown.mouse.wheel(0, -200)
    shown.wait_for_function("chart.x.zoomed")
    first = shown.evaluate("chart.x.zoomed")
    shown.mouse.wheel(0, -200)
    shown.wait_for_function("span => chart.x.zoomed[1] - chart.x.zoomed[0] < 0.9 * span", arg=first[1] - first[0])
    second = shown.evaluate("chart.x.zoomed")
    assert sum(second) / 2 == pytest.approx(sum(first) / 2, rel=0.01)
    for _ in range(12):
        shown.mouse.wheel(0, 200)
    shown.wait_for_function("!chart.x.zoomed")
    assert shown.evaluate("scrollY") == 0


def test_a_double_click_shows_everything_again(shown):
    frame = drag_and_compare(shown, (0.3, 0.2), (0.6, 0.7), {"x": (0.3, 0.6)})
    shown.mouse.dblclick(*frame.at(0.5, 0.5))
    shown.wait_for_function(
        "!chart.x.zoomed && !chart.panels[0].yRange.zoomed"
        " && chart.panels[0].axes.shown.x.range[0] === 0"
        " && chart.panels[0].axes.shown.x.range[1] >= chart.feed.total"
    )


def test_a_click_zooms_nothing(shown):
    frame = held(shown)
    shown.mouse.click(*frame.at(0.5, 0.5))
    shown.wait_for_timeout(200)
    assert shown.evaluate("[chart.x.zoomed, chart.panels[0].yRange.zoomed, chart.x.held]") == [None, None, None]


def test_a_zoom_on_the_time_axis_stays_when_seconds_become_minutes(stage):
    run = stage.store.get("run-1")
    run.history.append(make_rows(0, 1000, seconds=0.29))
    page = stage.open()
    wait_for(page, 1000)
    page.get_by_role("button", name="time").click()
    page.evaluate("chart.zoom([120, 240])")
    run.history.append(make_rows(1000, 100, seconds=0.31))
    page.wait_for_function("chart.x.unit[1] === 'min'")
    assert page.evaluate("chart.x.zoomed") == pytest.approx([2, 4])
