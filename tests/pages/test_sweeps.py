"""Sweeps on the pages: set up from the form, listed, shown, paused and deleted; nothing is trained."""

from __future__ import annotations

import shutil

import pytest

import trainer.runs.store
from pages.ui.sweeps.figures import history_figure, importance_figure, parallel_figure
from pages.ui.sweeps.table import trials_frame
from tests.pages.conftest import button, open_page
from tests.trainer.sweeps.fakes import FakeBackend, fake_spec
from trainer import RunStore
from trainer.sweeps.sweeps import Sweeps

LABELS = {"optimizer_options.learning_rate": "Learning rate", "model_options.units": "Units"}
LABELS |= {"model_options.activation": "Activation"}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a sweep of 12 runs that has ended."""
    store = RunStore(tmp_path_factory.mktemp("swept") / "runs", backend=FakeBackend())
    sweep = Sweeps.of(store).create(fake_spec(), "calm-otter <b>")
    sweep.start()
    assert sweep.wait(60)
    return store.path


@pytest.fixture
def backend():
    """Trains nothing."""
    return FakeBackend()


@pytest.fixture
def store(tmp_path, monkeypatch, cured, backend):
    """The store that the page uses."""
    store = RunStore(tmp_path / "runs", backend=backend)
    monkeypatch.setattr(trainer.runs.store, "_default", store)
    yield store
    assert Sweeps.of(store).close(60)
    assert store.close(60)


@pytest.fixture
def sweep(store, swept):
    """The sweep that has ended, in a copy of its folder."""
    shutil.copytree(swept, store.path, ignore=shutil.ignore_patterns("*lock"))
    return Sweeps.of(store).list()[0]


def open_runs(**query: str):
    return open_page(**query).switch_page("runs.py").run()


def open_sweep(sweep):
    page = open_page()
    page.query_params["sweep"] = sweep.id
    page = page.switch_page("runs.py")
    page.query_params["sweep"] = sweep.id
    return page.run()


def texts(page) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption, *page.subheader))


def test_no_sweep_says_what_to_do(store):
    page = open_runs(runs_view_select="Sweeps")
    assert not page.exception
    assert "No sweeps yet" in texts(page)


def test_the_list_says_how_far_each_sweep_is_and_opens_it(sweep):
    page = open_runs(runs_view_select="Sweeps")
    assert not page.exception
    assert "12 of 12 runs" in texts(page).replace("\\", "")
    page.button(key=f"sweep_{sweep.id}_open").click().run()
    assert sweep.id in page.query_params["sweep"]
    assert not page.exception


def test_a_sweep_shows_the_best_run_and_every_other_one_click_away(store, sweep):
    page = open_sweep(sweep)
    assert not page.exception
    assert "calm\\-otter \\<b\\>" in texts(page)
    best = sweep.best()
    assert page.metric[0].label == "Best val_accuracy"
    assert page.metric[0].value == f"{best.value:.4f}"
    links = list(page.dataframe[0].value["Run"])
    assert {link.partition("#")[0] for link in links} == {f"/?run={trial.run_id}" for trial in sweep.trials()}
    run = store.get(best.run_id)
    button(page, "Train the best one longer").click().run()
    assert run.wait(60)
    assert (run.status, run.epochs) == ("completed", 12)
    page = open_page(run)
    assert not page.exception
    assert any(link.proto.label == "Sweep calm\\-otter \\<b\\>" for link in page.get("page_link"))


def test_an_unknown_sweep_is_one_sentence(sweep):
    page = open_sweep(sweep)
    page.query_params["sweep"] = "../secret"
    page.run()
    assert not page.exception
    assert any("There is no sweep" in warning.value for warning in page.warning)


def test_deleting_says_what_it_deletes(store, sweep):
    page = open_sweep(sweep)
    page.button(key="sweep_sweep_delete").click().run()
    assert "12 runs stay in the list" in texts(page)
    page.button(key="sweep_delete_confirm").click().run()
    assert not page.exception
    assert Sweeps.of(store).list() == []
    assert len(store.list()) == 12


def test_a_sweep_is_set_up_in_the_form_and_paused_and_resumed_on_its_page(store, backend):
    backend.hold = (3, 0)
    page = open_page()
    page.button(key="sweep_setup_open").click().run()
    assert not page.exception
    page.multiselect(key="sweep_options_select").set_value(
        ["optimizer_options.learning_rate", "model_options.activation"]
    ).run()
    page.number_input(key="sweep_optimizer_options_learning_rate_high").set_value(1000.0).run()
    assert any("must stay within" in error.value for error in page.error)
    assert page.button(key="sweep_setup_start").disabled
    page.number_input(key="sweep_optimizer_options_learning_rate_high").set_value(0.01).run()
    page.number_input(key="sweep_runs_set").set_value(3).run()
    assert not page.error
    page.button(key="sweep_setup_start").click().run()
    [sweep] = Sweeps.of(store).list()
    assert sweep.spec.runs == 3
    assert set(sweep.spec.space) == {"optimizer_options.learning_rate", "model_options.activation"}
    page = open_sweep(sweep)
    assert not page.exception
    page.button(key="sweep_sweep_pause").click().run()
    assert sweep.wait(60)
    page = open_sweep(sweep)
    assert sweep.status == "paused"
    page.button(key="sweep_sweep_resume").click().run()
    assert sweep.wait(60)
    assert sweep.status == "completed"
    assert len(sweep.trials()) == 3


def test_the_charts_hold_every_result(swept):
    store = RunStore(swept)
    sweep = Sweeps(store).list()[0]
    trials = sweep.trials()
    history = history_figure(trials, "val_accuracy", True)
    assert sum(len(trace.x) for trace in history.data[:2]) == sum(trial.value is not None for trial in trials)
    line = list(history.data[-1].y)
    assert line == sorted(line)
    parallel = parallel_figure(trials, LABELS, "val_accuracy", True)
    assert [axis.label for axis in parallel.data[0].dimensions] == [*LABELS.values(), "val_accuracy"]
    bars = importance_figure(sweep.importances(), LABELS)
    assert set(bars.data[0].customdata) == set(LABELS.values())
    assert parallel_figure([], LABELS, "val_accuracy", True) is None
    frame = trials_frame(trials, {}, LABELS, "val_accuracy")
    assert len(frame) == 12
    assert frame["Run"].isna().all(), "their runs are gone"
