"""The report: one file, offline, with the numbers that the run shows, and nothing executed from a name."""

import re

import numpy as np
import pytest

from tests.trainer.export.report_cases import CASES, NASTY, figures, make_report
from trainer import RunConfig, RunStore
from trainer.export import export
from trainer.export.report.figures import thin


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The text of each case's report, and its run."""
    folder = tmp_path_factory.mktemp("reports")
    store, found = RunStore(folder / "runs"), {}
    for name, fields in CASES.items():
        path = folder / f"{name}.html"
        run = make_report(store, fields, path)
        assert path.stat().st_size < 6_000_000
        found[name] = run, path.read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_report_is_whole_and_loads_nothing(reports, name):
    run, text = reports[name]
    assert "default-src 'none'" in text
    head = text[: text.index("/**")] if "/**" in text else text[:20_000]
    assert not re.search(r'(?:src|href)="(?!data:)', head)
    assert NASTY not in text
    assert "&lt;/script&gt;&lt;img" in text
    for part in ("Curves", "Metrics", "Configuration", "Environment", "Commands", run.checkpoints[0].digest):
        assert part in text
    drawn = figures(text)["curve-0"]
    history = run.history.rows(0, len(run.history))
    column = "generator_loss" if name == "gan" else "loss"
    np.testing.assert_allclose(drawn["data"][0]["y"], history[column], rtol=1e-5)


def test_the_confusion_matrix_and_the_residuals_are_those_of_the_run(reports):
    run, text = reports["classes"]
    counts = np.array(figures(text)["evaluation"]["data"][0]["customdata"])
    assert counts.sum() == 30
    accuracy = run.metrics["best"]["val_accuracy"]
    assert counts.trace() / counts.sum() == pytest.approx(accuracy, abs=1e-6)
    run, text = reports["numbers"]
    points = figures(text)["evaluation"]["data"][0]
    error = np.abs(np.array(points["x"]) - np.array(points["y"])).mean()
    assert error == pytest.approx(run.metrics["best"]["val_mae"], rel=1e-4)
    assert "nothing to evaluate" in reports["gan"][1]


def test_a_run_that_never_started_has_a_report_that_says_so(tmp_path):
    run = RunStore(tmp_path / "runs").create(RunConfig(model="mlp", dataset="iris"))
    text = export(run, "report.html", tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Nothing has been measured yet." in text
    assert "has not started yet" in text


def test_a_million_points_are_thinned_to_their_extremes():
    y = np.random.default_rng(0).normal(size=1_000_000)
    y[123_456] = 50.0
    x, kept = thin(np.arange(len(y)), y)
    assert len(x) <= 2_000
    assert (np.diff(x) > 0).all()
    assert kept.max() == 50.0
