"""What Chromium shows of a report, without a network: the run's curves, numbers and classes, and no name executed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trainer.export.report_cases import NASTY, hostile_table, make_report
from trainer import RunStore

pytestmark = pytest.mark.browser

#: What Plotly has drawn at each place: its points, and the number of its SVG's marks.
DRAWN = """() => [...document.querySelectorAll("[data-figure]")].map(place => ({
  name: place.dataset.figure,
  data: place.data.map(({type, name, x, y, z, customdata}) => ({type, name, x, y, z, customdata})),
  marks: place.querySelectorAll(".main-svg .scatterlayer .trace, .main-svg .heatmaplayer image").length,
  text: [...place.querySelectorAll(".main-svg text")].map(label => label.textContent),
}))"""
#: The cells of the table below a heading.
TABLE = """title => {
  const part = [...document.querySelectorAll("section")].find(each => each.querySelector("h2").textContent === title)
  return [...part.querySelectorAll("tr")].map(row => [...row.cells].map(cell => cell.textContent))
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run on a table whose classes have hostile names, and the path of its report."""
    folder = tmp_path_factory.mktemp("report")
    fields = hostile_table(folder / "kinds.csv")
    return make_report(RunStore(folder / "runs"), fields, folder / "report.html"), folder / "report.html"


@pytest.fixture
def opened(page, report):
    """The report in Chromium, with every request that it tries, everything that it says and every dialog."""
    page.asked, page.said = [], []
    page.context.set_offline(True)

    def answer(route):
        if route.request.url == report[1].as_uri():
            route.continue_()
        else:
            page.asked.append(route.request.url)
            route.abort()

    page.route("**", answer)
    page.on("console", lambda message: page.said.append(message.text))
    page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
    page.goto(report[1].as_uri())
    page.wait_for_function("document.querySelectorAll('[data-figure] .main-svg').length")
    return page


def test_chromium_draws_the_run_from_the_file_alone(opened, report):
    run, _ = report
    drawn = {figure["name"]: figure for figure in opened.evaluate(DRAWN)}
    steps, epochs = run.history.rows(0, len(run.history)), run.history.epochs.rows(0, len(run.history.epochs))
    for name, column in (("curve-0", "loss"), ("curve-1", "accuracy")):
        training, validation = drawn[name]["data"]
        assert drawn[name]["marks"] == 2
        assert training["x"] == steps["step"].tolist()
        np.testing.assert_allclose(training["y"], steps[column], rtol=1e-5)
        np.testing.assert_allclose(validation["y"], epochs[f"val_{column}"], rtol=1e-5)

    [heat] = drawn["evaluation"]["data"]
    assert drawn["evaluation"]["marks"] == 1
    counts = np.array(heat["customdata"])
    assert counts.trace() / counts.sum() == pytest.approx(run.metrics["best"]["val_accuracy"], abs=1e-6)

    cells = {row[0]: row[1:] for row in opened.evaluate(TABLE, "Metrics")}
    labels = {"val_loss": "Loss (validation)", "val_accuracy": "Accuracy (validation)", "loss": "Loss"}
    for name, label in labels.items():
        shown = [float(cell) for cell in cells[label]]
        assert shown == pytest.approx([run.metrics[kind][name] for kind in ("best", "last")], rel=1e-3)

    assert opened.locator("h1").text_content() == NASTY
    assert any("<img src=x" in label for label in drawn["evaluation"]["text"]), drawn["evaluation"]["text"]
    assert opened.locator("img").count() == 0
    assert (opened.asked, opened.said, opened.problems) == ([], [], [])
