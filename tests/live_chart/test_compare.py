"""Several runs over each other: finished and live, by step, epoch and time, whatever their names are."""

import numpy as np
import pytest
from playwright.sync_api import expect

from pages.ui.live_chart import compare
from server.guard import guard
from tests.live_chart.test_live_chart import append, wait_idle
from tests.server.fakes import make_rows, make_run

pytestmark = pytest.mark.browser

COLORS = {"run-1": "#0072B2", "run-2": "#E69F00"}


def add_run(stage, run_id, rows, status="completed", name=None, seconds=0.001, epochs=0, seed=0):
    """Adds a run with a history to the server."""
    run = make_run(run_id, name or f"Run {run_id}")
    run.status, run.is_live = status, status == "running"
    if rows:
        run.history.extend(make_rows(0, rows, seconds=seconds, seed=seed))
    if epochs:
        epoch = np.arange(1, epochs + 1)
        run.history.epochs.extend(
            {
                "epoch": epoch,
                "step": 45 * epoch,
                "loss": 1.0 / epoch,
                "val_loss": 1.2 / epoch,
                "val_accuracy": 1 - 0.5 / epoch,
            }
        )
    stage.store.runs[run_id] = run
    return run


def wait_points(page, points):
    """Waits until the page holds these numbers of rows and has drawn them."""
    page.wait_for_function(
        "points => Object.entries(points).every(([id, n]) => window.traindeckCompare?.points[id] === n)", arg=points
    )
    wait_idle(page)


def labels(page, panel=0):
    """The texts at the ends of the curves."""
    return page.evaluate("i => chart.panels[i].labels.placed.map(({ text }) => text)", panel)


def colours_drawn(page, panel=0):
    """The colours of the opaque pixels on a panel's canvas."""
    return set(
        page.evaluate(
            """i => {
      const { canvas } = chart.panels[i]
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Map()
      for (let k = 0; k < data.length; k += 4)
        if (data[k + 3] === 255) {
          const hex = "#" + [0, 1, 2].map((j) => data[k + j].toString(16).padStart(2, "0")).join("").toUpperCase()
          seen.set(hex, (seen.get(hex) ?? 0) + 1)
        }
      return [...seen].filter(([, n]) => n > 60).map(([hex]) => hex)
    }""",
            panel,
        )
    )


def test_two_finished_runs_lie_over_each_other_in_their_colours(stage):
    runs = [add_run(stage, "run-1", 400, epochs=8), add_run(stage, "run-2", 900, seed=7)]
    page = stage.open_compare(*runs, colors=COLORS)
    wait_points(page, {"run-1": 400, "run-2": 900})
    assert page.evaluate("traindeckCompare") == {"runs": 2, "points": {"run-1": 400, "run-2": 900}, "curves": 4}
    assert set(COLORS.values()) <= colours_drawn(page)
    assert sorted(labels(page)) == ["Run run-1", "Run run-2"]
    assert page.locator(".lc-legend").is_hidden()
    assert page.evaluate("chart.panels[0].curves.map(({ traces }) => [traces.raw.n > 0, traces.points.n])") == [
        [True, 8],
        [True, 0],
    ]
    assert page.evaluate("chart.panels[0].axes.shown.x.range[1]") >= 900
    assert page.evaluate("sockets.length") == 0


def test_a_live_run_grows_beside_a_finished_one(stage):
    done, live = add_run(stage, "run-1", 500), add_run(stage, "run-2", 100, status="running")
    page = stage.open_compare(done, live, colors=COLORS)
    wait_points(page, {"run-1": 500, "run-2": 100})
    for _ in range(4):
        append(live, 200)
        wait_points(page, {"run-1": 500, "run-2": len(live.history)})
    assert page.evaluate("[sockets.length, chart.lines[1].x.now()]") == [1, 900]
    page.evaluate("sockets[0].close()")
    append(live, 50)
    wait_points(page, {"run-2": 950})
    held = page.evaluate("[...chart.lines[1].feed.main.columns.loss.low.subarray(0, 950)]")
    np.testing.assert_array_equal(np.float32(held), live.history.rows(0, 950)["loss"])


def test_the_page_hears_once_that_a_run_has_ended_and_its_socket_closes(stage):
    live = add_run(stage, "run-1", 100, status="running")
    page = stage.open_compare(live, add_run(stage, "run-2", 300))
    page.wait_for_function("sockets[0]?.readyState === 1")
    page.clock.install()
    live.status = "completed"
    append(live, 10)
    wait_points(page, {"run-1": 110})
    page.wait_for_function("changes.length > 0")
    live.history.tell()
    page.clock.run_for(15_000)
    page.wait_for_function("sockets[0].readyState === 3")
    assert page.evaluate("[changes, sockets.length]") == [["completed"], 1]
    page.close()  # its clock stands still


def test_x_can_be_the_epoch_or_the_time(stage):
    runs = [add_run(stage, "run-1", 450, seconds=0.01), add_run(stage, "run-2", 450, seconds=0.1)]
    page = stage.open_compare(*runs)
    wait_points(page, {"run-1": 450, "run-2": 450})

    def ends():
        wait_idle(page)
        return page.evaluate("chart.panels[0].curves.map(({ traces: { smooth } }) => smooth.x[smooth.n - 1])")

    assert ends() == [450, 450]
    page.get_by_role("button", name="epoch").click()
    assert ends() == pytest.approx([10, 10])
    page.get_by_role("button", name="time").click()
    assert ends() == pytest.approx([4.5, 45])
    assert page.evaluate("chart.panels[0].axes.shown.x.title") == "Training time (s)"
    page.reload()
    wait_points(page, {"run-1": 450, "run-2": 450})
    assert ends() == pytest.approx([4.5, 45])


def test_twenty_runs_have_a_legend_few_points_and_sockets_only_where_they_train(stage):
    runs = [add_run(stage, f"run-{i}", 20_000 if i < 3 else 300, seed=i, name=f"Otter {i}") for i in range(18)]
    runs += [add_run(stage, f"run-{i}", 50, status="running", name=f"Otter {i}") for i in (18, 19)]
    page = stage.open_compare(*runs)
    wait_points(page, {run.id: len(run.history) for run in runs})
    assert page.evaluate("[traindeckCompare.runs, traindeckCompare.curves, sockets.length]") == [20, 40, 2]
    assert (
        page.evaluate("Math.max(...chart.panels.flatMap(p => p.curves.map(({ traces }) => traces.smooth.n)))") <= 2000
    )
    assert page.evaluate("chart.panels[0].curves.every(({ traces }) => traces.raw.n === 0)")
    legend = page.get_by_role("group", name="Runs").get_by_role("button")
    expect(legend).to_have_text([f"Otter {i}" for i in range(20)])
    assert labels(page) == []
    legend.nth(4).click()
    page.wait_for_function("traindeckCompare.curves === 38")
    expect(legend.nth(4)).to_have_attribute("aria-pressed", "false")
    legend.nth(4).click()
    page.wait_for_function("traindeckCompare.curves === 40")
    append(runs[19], 100)
    wait_points(page, {"run-19": 150})
    costs = page.evaluate("""async () => {
      const costs = []
      for (let i = 0; i < 9; i++) {
        await new Promise(requestAnimationFrame)
        chart.lines[19].version++
        const started = performance.now()
        chart.paint()
        costs.push(performance.now() - started)
      }
      return costs.sort((a, b) => a - b)
    }""")
    assert costs[4] < 100, costs


def test_a_hostile_name_is_text_and_a_long_one_is_cut(stage):
    evil = '<img src=x onerror="window.hit=1"><b>bold</b>'
    few = [add_run(stage, "run-1", 200, name=evil), add_run(stage, "run-2", 200, name="long name " * 8)]
    page = stage.open_compare(*few)
    wait_points(page, {"run-1": 200, "run-2": 200})
    first, second = sorted(labels(page))
    assert evil.startswith(first.rstrip("…"))
    assert second.endswith("…")
    page.mouse.move(300, 150)
    tip = page.locator(".lc-tip").first
    expect(tip).to_contain_text("<img src=x")
    many = few + [add_run(stage, f"run-{i}", 100, name=evil) for i in range(3, 12)]
    page.evaluate("data => chart.update(data)", stage.compared(*many))
    legend = page.get_by_role("group", name="Runs").get_by_role("button")
    expect(legend.first).to_have_text(evil)
    assert page.evaluate("window.hit === undefined && !document.querySelector('.live-chart img, .live-chart b')")


def test_a_deleted_run_says_so_and_the_others_go_on(stage):
    runs = [add_run(stage, f"run-{i}", 200, status="running", name=f"Otter {i}") for i in (1, 2, 3)]
    del stage.store.runs["run-3"]
    page = stage.open_compare(*runs)
    expect(page.get_by_role("status")).to_have_text("Deleted: Otter 3.")
    wait_points(page, {"run-1": 200, "run-2": 200})
    del stage.store.runs["run-1"]
    page.evaluate("sockets.find(({ url }) => url.includes('run-1')).close()")
    page.wait_for_function("chart.lines[0].isDeleted")
    wait_idle(page)
    assert sorted(labels(page)) == ["Otter 1 (deleted)", "Otter 2"]
    append(runs[1], 60)
    wait_points(page, {"run-2": 260})
    expect(page.get_by_role("status")).to_have_text("Deleted: Otter 1, Otter 3.")


def test_other_runs_take_their_place_and_those_that_stay_are_not_loaded_again(stage):
    runs = [add_run(stage, f"run-{i}", 100 * i, status="running") for i in (1, 2, 3)]
    page = stage.open_compare(*runs[:2])
    wait_points(page, {"run-1": 100, "run-2": 200})
    page.evaluate("() => { window.kept = chart.lines[1].feed }")
    page.evaluate("data => chart.update(data)", stage.compared(*runs[1:]))
    wait_points(page, {"run-2": 200, "run-3": 300})
    assert page.evaluate("kept === chart.lines[0].feed && Object.keys(traindeckCompare.points).length === 2")
    page.wait_for_function("sockets.filter(socket => socket.readyState === 1).length === 2")


def test_smoothing_log_y_and_a_drag_work_on_all_runs(stage):
    page = stage.open_compare(add_run(stage, "run-1", 1000), add_run(stage, "run-2", 800))
    wait_points(page, {"run-1": 1000, "run-2": 800})
    page.get_by_label("smoothing").fill("0.99")
    page.get_by_label("log y").check()
    page.wait_for_function("chart.panels[0].axes.shown?.y.isLog")
    assert page.evaluate("chart.lines.map(({ feed }) => feed.averages.loss.weight)") == [0.99, 0.99]
    box = page.locator(".lc-plot").first.bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 102, steps=5)
    page.mouse.up()
    page.wait_for_function("chart.x.zoomed")
    wait_idle(page)
    shown = page.evaluate("[chart.x.zoomed, ...chart.panels.map(({ axes }) => axes.shown.x.range)]")
    assert shown[0] == shown[1] == shown[2]
    page.get_by_role("button", name="Reset zoom").click()
    page.wait_for_function("!chart.x.zoomed")


def test_each_run_is_sent_with_its_own_token_color_and_name(stage, monkeypatch):
    sent = []
    monkeypatch.setattr(compare, "chart_component", lambda **given: sent.append(given["data"]))
    runs = [add_run(stage, "run-1", 10, name="<b>Otter</b>"), add_run(stage, "run-2", 10, status="running")]
    runs[1].steps_per_epoch = float("inf")
    compare.compare_chart(runs, [("loss", "Loss")], COLORS, {run.id: run.name for run in runs})
    (data,) = sent
    assert data["panels"] == [["loss", "Loss"]]
    for run, shown in zip(runs, data["runs"], strict=True):
        guard.check_token(shown["token"], run.id)
        assert (shown["run"], shown["name"], shown["colour"]) == (run.id, run.name, COLORS[run.id])
    assert [shown["status"] for shown in data["runs"]] == ["completed", "running"]
    assert [shown["steps_per_epoch"] for shown in data["runs"]] == [45, None]
