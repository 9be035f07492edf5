"""A change to a run in another tab or process reaches the page."""

from __future__ import annotations

import pytest

from pages.ui.watching import PageState
from tests.pages.conftest import button, open_page
from trainer import RunConfig, RunStore


@pytest.fixture
def run(store):
    return store.create(RunConfig(dataset="iris", model="linear", epochs=1), name="first")


def elsewhere(store) -> RunStore:
    """Returns the same runs as another process sees them."""
    return RunStore(store.path)


def test_nothing_has_changed_until_something_does(store, run):
    state = PageState.read(store, [run])
    assert not state.is_old()
    elsewhere(store).get(run.id).rename("second")
    assert state.is_old()


def test_a_new_and_a_deleted_run_are_seen(store, run):
    run.start()
    assert run.wait(60)
    state = PageState.read(store, [run])
    other = elsewhere(store).create(run.config)
    assert state.is_old()
    state = PageState.read(store, [run, store.get(other.id)])
    elsewhere(store).delete(run.id)
    assert state.is_old()


def test_a_paused_run_that_is_stopped_elsewhere_is_seen(store):
    run = store.create(RunConfig(dataset="iris", model="linear", epochs=1_000_000))
    run.start()
    run.pause()
    assert run.wait(60)
    assert run.status == "paused"
    state = PageState.read(store, [run])
    elsewhere(store).get(run.id).stop()
    assert state.is_old()
    assert run.status == "stopped"


def test_a_run_that_was_deleted_elsewhere_is_named(store, run):
    run.start()
    assert run.wait(60)
    page = open_page(run)
    elsewhere(store).delete(run.id)
    page.run()
    assert not page.exception
    assert any("first was deleted" in warning.value for warning in page.warning)


def test_the_run_shown_stays_after_a_page_switch(store, run):
    run.start()
    assert run.wait(60)
    page = open_page(run)
    page.switch_page("data.py").run()
    page.query_params.clear()
    page.switch_page("train.py").run()
    assert page.query_params["run"] == [run.id] or page.query_params["run"] == run.id


def test_the_rename_dialog_stays_open_when_the_page_runs_again(store, run):
    run.start()
    assert run.wait(60)
    page = open_page(run)
    page.get("menu_button")[0].set_value("Rename").run()
    page.run()
    page.text_input(key="train_run_rename").set_value("other")
    button(page, "Rename").click().run()
    assert run.name == "other"
    assert "train_rename_confirm" not in [found.key for found in page.button]
