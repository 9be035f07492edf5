"""The page draws what the run measured, whatever happens in between."""

import time

import numpy as np
import pytest
from playwright.sync_api import expect

from server.series import smooth
from tests.server.fakes import make_rows

pytestmark = pytest.mark.browser


def append(run, count):
    first = len(run.history)
    rows = make_rows(first, count, seconds=0.001)
    run.history.wall_offset = time.time() - rows["time"][-1]
    run.history.append(rows)


def wait_for(page, rows):
    page.wait_for_function("rows => window.traindeck?.lastStep === rows", arg=rows)


def wait_idle(page):
    """Waits until nothing is left to draw: five frames in a row without a draw that is due."""
    page.evaluate("""async () => {
      for (let idle = 0; idle < 5; idle = chart.isScheduled ? 0 : idle + 1) await new Promise(requestAnimationFrame)
    }""")


def held(page, column="loss", part="low"):
    """A column as the cells of the page hold it."""
    return np.array(
        page.evaluate(
            "([name, part]) => [...chart.feed.main.columns[name][part].subarray(0, chart.feed.main.count)]",
            [column, part],
        )
    )


@pytest.fixture
def run(stage):
    return stage.store.get("run-1")


def test_every_batch_is_drawn_soon_after_it_ended(stage, run):
    page = stage.open()
    assert page.get_by_text("The first batch will appear here.").count() == 2
    for _ in range(20):
        append(run, 15)
        wait_for(page, len(run.history))
    assert page.get_by_text("The first batch will appear here.").first.is_hidden()
    np.testing.assert_array_equal(held(page), run.history.rows(0, 300)["loss"])
    state = page.evaluate("traindeck")
    assert (state["run"], state["lastStep"], state["points"]) == ("run-1", 300, 300)
    assert 0 < len(state["latencyMs"]) <= 200
    assert min(state["latencyMs"]) >= -1


def test_a_broken_connection_loses_nothing_and_doubles_nothing(stage, run):
    page = stage.open()
    for _ in range(4):
        append(run, 50)
        wait_for(page, len(run.history))
        page.evaluate("sockets.at(-1).close()")
        append(run, 30)
        wait_for(page, len(run.history))
    np.testing.assert_array_equal(held(page), run.history.rows(0, 320)["loss"])
    assert page.evaluate("traindeck.points") == 320
    assert page.evaluate("sockets.length") == 5
    assert page.get_by_role("status").text_content() == ""


def test_rows_that_were_cut_leave_the_chart(stage, run):
    append(run, 500)
    page = stage.open()
    wait_for(page, 500)
    run.history.cut(200)
    append(run, 10)
    wait_for(page, 210)
    np.testing.assert_array_equal(held(page), run.history.rows(0, 210)["loss"])


def test_the_page_smooths_as_the_server_does(stage, run):
    append(run, 700)
    page = stage.open()
    wait_for(page, 700)
    append(run, 300)  # these the page smooths itself, on from the server's state
    wait_for(page, 1000)
    for weight in (0.6, 0.95, 0.0):
        page.get_by_label("smoothing").fill(str(weight))
        expected = smooth(run.history.rows(0, 1000)["loss"], weight)[0]
        np.testing.assert_allclose(held(page, part="slow"), expected, rtol=1e-5)
    assert page.evaluate("sockets.length") == 1


def test_a_long_history_is_smoothed_again_by_the_server(stage, run):
    append(run, 40_000)
    page = stage.open()
    wait_for(page, 40_000)
    page.get_by_label("smoothing").fill("0.99")
    page.wait_for_function("chart.feed.averages.loss.weight === 0.99")
    append(run, 5)
    wait_for(page, 40_005)
    expected = smooth(run.history.rows(0, 40_005)["loss"], 0.99)[0]
    assert page.evaluate("chart.feed.averages.loss.smooth") == pytest.approx(expected[-1], rel=1e-6)
    width = page.evaluate("chart.feed.main.width")
    parts = [expected[i : i + width] for i in range(0, 40_005, width)]
    np.testing.assert_allclose(held(page, part="slow"), [part.min() for part in parts], rtol=1e-5)
    np.testing.assert_allclose(held(page, part="shigh"), [part.max() for part in parts], rtol=1e-5)


def test_memory_stays_bounded_and_no_spike_is_lost_when_pairs_are_merged(stage, run):
    page = stage.open()
    page.evaluate("chart.feed.main.capacity = 1024")
    append(run, 10)
    wait_for(page, 10)
    page.evaluate("chart.feed.main.capacity = 1024")
    for _ in range(5):
        append(run, 1000)
    run.history.parts["loss"][len(run.history) - 700] = 50.0
    wait_for(page, 5010)
    loss = run.history.rows(0, 5010)["loss"]
    width = page.evaluate("chart.feed.main.width")
    assert width == 8
    parts = [loss[i : i + width] for i in range(0, 5010, width)]
    low, high = held(page), held(page, part="high")
    np.testing.assert_array_equal(low, np.float32([part.min() for part in parts]))
    drawn = loss.copy()
    drawn[5010 - 700] = high[(5010 - 700) // width]  # it may have been sent before it was made a spike
    np.testing.assert_array_equal(
        high, np.float32([part.max() for part in np.array_split(drawn, range(width, 5010, width))])
    )


def test_a_trace_has_at_most_2000_points_and_keeps_a_spike(stage, run):
    append(run, 200_000)
    run.history.parts["loss"][123_456] = 77.0
    page = stage.open()
    wait_for(page, 200_000)
    buffers = page.evaluate("chart.panels.flatMap(panel => panel.traces.buffers.map(buffer => buffer.n))")
    assert max(buffers) <= 1002  # buckets of two points, and the newest value
    assert page.evaluate("Math.max(...chart.panels[0].traces.raw.high)") == 77.0
    assert page.evaluate("chart.panels[0].axes.shown.y.range[1]") > 77


def test_a_zoom_into_a_long_history_fetches_its_detail(stage, run):
    append(run, 200_000)
    page = stage.open()
    wait_for(page, 200_000)
    page.evaluate("chart.zoom([100000, 101000])")
    page.wait_for_function("chart.feed.detail && chart.feed.detail.width === 1")
    assert page.evaluate("chart.feed.detail.base <= 100000 && chart.feed.detail.end >= 101000")
    page.wait_for_function("chart.panels[0].traces.raw.n > 200")


def test_another_run_takes_the_place_of_the_first(stage, run):
    append(run, 100)
    page = stage.open()
    wait_for(page, 100)
    page.evaluate("data => chart.update(data)", stage.data("run-2"))
    wait_for(page, 300)
    append(run, 50)
    append(stage.store.get("run-2"), 5)
    wait_for(page, 305)
    assert page.evaluate("traindeck.run") == "run-2"
    assert (
        page.evaluate("sockets.map(socket => socket.readyState)") == [3, 1]
        or page.evaluate("sockets[0].readyState") >= 2
    )


def test_a_hidden_page_draws_nothing_and_once_when_it_is_seen_again(stage, run):
    append(run, 100)
    page = stage.open()
    wait_for(page, 100)
    wait_idle(page)
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { get: () => window.isHidden, configurable: true })
      window.isHidden = true
      document.dispatchEvent(new Event("visibilitychange"))
      window.draws = 0
      const draw = chart.draw.bind(chart)
      chart.draw = () => { window.draws++; draw() }
    }""")
    for _ in range(3):
        append(run, 50)
    page.wait_for_function("traindeck.points === 250")
    assert page.evaluate("[draws, traindeck.lastStep]") == [0, 100]
    page.evaluate("() => { window.isHidden = false; document.dispatchEvent(new Event('visibilitychange')) }")
    wait_for(page, 250)
    assert page.evaluate("draws") == 1


def test_nothing_is_drawn_while_nothing_happens(stage, run):
    append(run, 100)
    page = stage.open()
    wait_for(page, 100)
    wait_idle(page)
    page.evaluate(
        "() => { window.draws = 0; const draw = chart.draw.bind(chart); chart.draw = () => { window.draws++; draw() } }"
    )
    page.evaluate("new Promise(done => setTimeout(done, 300))")
    assert page.evaluate("draws") == 0


def test_choices_survive_a_reload(stage, run):
    append(run, 100)
    page = stage.open()
    wait_for(page, 100)
    page.get_by_label("log y").check()
    page.get_by_role("button", name="time").click()
    page.get_by_role("button", name="gradient norm").click()
    page.get_by_label("smoothing").fill("0.9")
    page.reload()
    wait_for(page, 100)
    assert page.get_by_label("log y").is_checked()
    assert page.get_by_role("button", name="time").get_attribute("aria-pressed") == "true"
    assert page.locator(".lc-panel").count() == 3
    assert page.evaluate("chart.feed.smoothing") == 0.9


def test_labels_are_text_and_nothing_else(stage, run):
    evil = '<img src=x onerror="window.hit=1">'
    append(run, 10)
    page = stage.open(panels=[["loss", evil], ["accuracy", evil]])
    wait_for(page, 10)
    assert page.locator(".lc-panel strong").first.text_content() == evil
    assert page.evaluate("window.hit === undefined && !document.querySelector('.live-chart img')")


def test_an_expired_view_says_so_and_a_new_token_opens_it_again(stage, run):
    append(run, 10)
    page = stage.open(token="old")
    page.get_by_text("This view has expired. Reload the page.").wait_for()
    page.evaluate("data => chart.update(data)", stage.data())
    wait_for(page, 10)
    expect(page.get_by_role("status")).to_have_text("")  # the socket opens after the rows have come


def test_a_closed_chart_leaves_nothing_behind(stage, run):
    append(run, 10)
    page = stage.open()
    wait_for(page, 10)
    page.evaluate("chart.close()")
    page.wait_for_function("sockets.every(socket => socket.readyState === 3)")
    page.evaluate("new Promise(done => setTimeout(done, 600))")
    assert page.evaluate("sockets.length") == 1


def test_progress_is_words_and_figures_that_follow_the_run(stage, run):
    run.history.append(make_rows(0, 90))
    vars(run).update(step=90, epoch=2, seconds=0.1, steps_per_second=812.3, seconds_left=125.4)
    run.last_metrics = {"loss": 0.25, "val_loss": 12345.678}
    page = stage.open()
    words, figures = page.locator(".lp-words"), page.locator(".lp-value")
    expect(words).to_have_text("20 % · epoch 2 of 10 · step 90 of 450 · 812 steps/s · 0.1 s trained · 2 min 5 s left")
    expect(figures).to_have_text(["0.2500", "12,350"])
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "20")
    vars(run).update(step=225, epoch=5, last_metrics={"loss": 0.125})
    run.history.append(make_rows(90, 135))
    expect(words).to_contain_text("50 % · epoch 5 of 10 · step 225 of 450")
    expect(figures).to_have_text(["0.1250", "–"])
    run.pending = "pause"
    run.history.tell()
    expect(words).to_have_text("Pausing …")
    assert stage.errors == []


def test_the_page_is_asked_to_follow_a_status_once(stage, run):
    run.history.append(make_rows(0, 45))
    page = stage.open()
    page.wait_for_function("chart.feed.socket?.readyState === 1")
    run.status = "paused"
    for _ in range(3):
        run.history.tell()
    page.wait_for_function("changes.length > 0")
    page.evaluate("chart.update({...data, status: 'paused'})")
    run.history.tell()
    page.wait_for_timeout(300)
    assert page.evaluate("changes") == ["paused"]


def test_what_is_drawn_bucket_by_bucket_is_what_the_rows_hold(stage, run):
    """Complete buckets are reused by later draws. They must stay right while rows come and merge."""
    page = stage.open()
    page.wait_for_function("chart.feed.socket?.readyState === 1")
    gathered = """() => {
        const panel = chart.panels[0], traces = panel.traces, [x0, x1] = chart.x.range()
        const fill = () => traces.fill(chart, "loss", x0, x1, panel.inner.w)
        const take = () => { fill(); return [traces.raw, traces.smooth].map((b) =>
            [[...b.x.subarray(0, b.n)], [...b.low.subarray(0, b.n)], [...b.high.subarray(0, b.n)]]) }
        const kept = take()
        chart.feed.main.grouped = {}
        return [kept, take(), chart.feed.main.width]
    }"""
    widths = set()
    for count, smoothing in ((3_000, None), (50_000, None), (0, 0.9), (220_000, None), (60_001, None)):
        if count:
            append(run, count)
            wait_for(page, len(run.history))
        if smoothing:
            page.evaluate("weight => chart.feed.setSmoothing(weight)", smoothing)
        kept, fresh, width = page.evaluate(gathered)
        assert kept == fresh
        assert len(kept[0][0]) > 100
        widths.add(width)
    assert widths == {1, 2}
