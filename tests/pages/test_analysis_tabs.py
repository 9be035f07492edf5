"""The tabs Evaluation, Model and What mattered: numbers, empty states, and what a live run is asked."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.run.evaluation.charts import confusion_figure
from pages.ui.run.model.charts import MOST_POINTS, thinned
from tests.pages.conftest import open_page
from trainer import RunConfig
from trainer.analysis import jobs

TAB = "train_details_select"


@pytest.fixture
def finished(store):
    run = store.create(RunConfig(dataset="iris", model="mlp", model_options={"units": 8}, epochs=3))
    run.start()
    assert run.wait(120)
    return run


def open_tab(run, name: str) -> AppTest:
    """Opens a run's page with a tab, and waits for the jobs that it asks for."""
    page = open_page(run)
    page.session_state[TAB] = name
    for _ in range(4):
        page.run()
        assert not page.exception
        waiting = [job for job in list(jobs._jobs.values()) if not job.wait(0)]
        if not waiting:
            return page
        assert all(job.wait(60) for job in waiting)
    return page.run()


def metric(page: AppTest, label: str) -> str:
    return next(found.value for found in page.metric if found.label == label)


def texts(page: AppTest) -> str:
    return " ".join(element.value for kind in (page.caption, page.info, page.markdown, page.error) for element in kind)


def test_a_hidden_tab_computes_nothing_and_an_open_one_shows_the_numbers_of_the_run(finished):
    page = open_page(finished)
    assert [tab.label for tab in page.tabs][-7:] == [
        "Summary", "Evaluation", "Model", "What mattered", "Checkpoints", "Log", "Configuration",
    ]  # fmt: skip
    asked = [key for key in jobs._jobs if str(finished.path) in key]
    assert asked == []
    page = open_tab(finished, "Evaluation")
    best = finished.metrics["best"]
    assert float(metric(page, "Accuracy")) == pytest.approx(best["val_accuracy"], abs=1e-4)
    assert f"with the weights of step {int(best['step'])}" in texts(page)
    true, given = (
        next(box for box in page.selectbox if box.label == f"{word} class") for word in ("True", "Predicted")
    )
    true.set_value(0)
    given.set_value(0).run()
    assert not page.exception
    assert "**setosa** predicted as **setosa**" in texts(page)

    page = open_tab(finished, "Model")
    assert not page.error
    assert "The optimizer keeps" in texts(page)
    assert "Weight histograms" in texts(page)

    page = open_tab(finished, "What mattered")
    assert not page.error
    assert "Breiman 2001" in texts(page)
    assert "Friedman 2001" in texts(page)


def test_a_run_without_weights_or_data_says_what_to_do(store, finished):
    new = store.create(finished.config)
    for tab in ("Evaluation", "What mattered"):
        assert "has not started yet" in texts(open_tab(new, tab))
    assert "Layers" in texts(open_tab(new, "Model"))
    path = finished.path / "config.json"
    fields = json.loads(path.read_text()) | {"dataset": "csv", "dataset_options": {"path": "upload:" + "0" * 16}}
    path.write_text(json.dumps(fields))
    finished._config = None
    for tab in ("Evaluation", "What mattered"):
        assert "data set of this run was deleted" in texts(open_tab(finished, tab))


def test_a_job_that_fails_is_a_sentence(finished, monkeypatch):
    def refuse(*_):
        raise OSError("The disk is gone.")

    with monkeypatch.context() as patched:
        patched.setattr("pages.ui.run.evaluation.tab.evaluate", refuse)
        page = open_tab(finished, "Evaluation")
    assert [error.value for error in page.error] == ["The disk is gone\\."]
    next(found for found in page.button if found.label == "Try again").click().run()
    page = open_tab(finished, "Evaluation")
    assert not page.error
    assert metric(page, "Accuracy")


def choosing():
    """A script with a live run whose newest checkpoint the session state names."""
    from types import SimpleNamespace

    import streamlit as st

    from pages.ui.run.checkpoint_choice import choose_checkpoint
    from trainer import RunConfig

    step = st.session_state.get("step", 10)
    found = SimpleNamespace(step=step, digest=f"digest {step}")
    run = SimpleNamespace(
        id="a",
        is_live=st.session_state.get("is_live", True),
        find_checkpoint=lambda source: found,
        metrics={"best": {}, "last": {}},
        config=RunConfig(model="mlp", dataset="iris"),
    )
    chosen = choose_checkpoint(run, "evaluation", "Evaluate")
    st.text(chosen.step if chosen else "nothing")


def test_a_live_run_is_evaluated_when_asked_and_offers_the_newer_checkpoint():
    page = AppTest.from_function(choosing, default_timeout=30).run()
    assert (page.text[0].value, page.button[0].label) == ("nothing", "Evaluate")
    page.button[0].click().run()
    assert page.text[0].value == "10"
    assert not page.button
    page.session_state["step"] = 20
    page.run()
    # The numbers stay those that were asked for.
    assert (page.text[0].value, page.button[0].label) == ("10", "Evaluate the newest checkpoint")
    page.button[0].click().run()
    assert page.text[0].value == "20"
    page.session_state["is_live"], page.session_state["step"] = False, 30
    page.run()
    assert (page.text[0].value, len(page.button)) == ("30", 0)


def test_a_cell_of_the_matrix_can_be_selected_and_names_are_not_markup():
    counts = np.array([[3, 1], [0, 4]])
    figure = confusion_figure(counts, counts / counts.sum(axis=1, keepdims=True), ["<b>a</b>", "b"], True)
    cells = figure.data[-1]
    assert [tuple(cell) for cell in cells.customdata] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert (cells.x[1], cells.y[1]) == (1, 0)
    assert [note.text for note in figure.layout.annotations] == ["75%", "25%", "100%"]
    assert "<b>" not in cells.text[0]


def test_long_curves_keep_their_highest_points():
    values = np.zeros(50_000)
    values[12_345], values[7] = 9.0, np.nan
    steps, kept, stride = thinned(np.arange(1, 50_001), values)
    assert len(steps) <= MOST_POINTS
    assert (kept.max(), stride) == (9.0, 25)


def test_the_examples_of_a_label_are_those_that_the_model_misses(store):
    config = RunConfig(dataset="multilabel", dataset_options={"size": 100}, model="linear", epochs=1)
    run = store.create(config)
    run.start()
    assert run.wait(120)
    page = open_tab(run, "Evaluation")
    job = next(job for key, job in jobs._jobs.items() if key[0] == "evaluation" and str(run.path) in key)
    y, output = job.result.finite.y, job.result.finite.output
    next(box for box in page.selectbox if box.label == "Label").set_value(1).run()
    assert not page.exception
    missed = int(((y[:, 1] > 0.5) & (output[:, 1] <= 0.5)).sum())
    assert f"{missed} example" in texts(page)
