"""Data of one's own as a person uses it: upload, read the report, train, rename, delete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import settle, wait_status, wait_warm
from trainer import RunStore
from trainer.data.uploads import DatasetStore

pytestmark = pytest.mark.browser


def real(name: str) -> Path:
    """Returns a file of the real data, or skips the test."""
    path = Path(os.environ.get("TRAINDECK_DATA", "../shared/data")).resolve() / name
    if not path.exists():
        pytest.skip(f"{path} is not there; set TRAINDECK_DATA to the folder that holds it")
    return path


def open_data(page, server) -> None:
    page.goto(f"{server.url}/data")
    settle(page)
    wait_warm(page)
    settle(page)


def upload(page, path: Path) -> None:
    """Gives a file to the uploader and waits until the page shows its report."""
    page.locator("input[type=file]").set_input_files(path)
    page.locator(".st-key-data_dataset_header").get_by_text(path.name, exact=True).wait_for(timeout=30_000)
    report(page).get_by_text("Report", exact=True).wait_for(timeout=60_000)
    settle(page)


def report(page):
    return page.locator(".st-key-data_report")


def ask(page, what: str) -> None:
    """Chooses something from the menu beside the name."""
    settle(page)
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name=what).or_(page.get_by_role("option", name=what)).click()


def train_on_it(page, server):
    """Goes to the Train page by the button, starts with the form as it is, and returns the finished run."""
    page.get_by_role("button", name="Train on this").click()
    page.get_by_role("button", name="Start training").wait_for()
    settle(page)
    page.get_by_role("button", name="Start training").click()
    wait_status(page, "completed", seconds=120)
    [run] = RunStore(server.runs).list()
    return run


def test_penguins_are_told_apart_with_default_settings(page, server):
    path = real("penguins.csv")
    open_data(page, server)
    upload(page, path)
    shown = report(page).inner_text()
    assert "ready to train on" in shown
    assert "344 rows · 7 columns · predict “species” (3 classes)" in shown
    assert "11 of 344 values are missing" in shown
    run = train_on_it(page, server)
    assert run.config.dataset_options["path"].startswith("upload:")
    assert run.metrics["last"]["val_accuracy"] >= 0.95
    assert page.problems == []


def test_fuel_consumption_is_predicted_with_default_settings(page, server):
    path = real("mpg.csv")
    open_data(page, server)
    upload(page, path)
    shown = report(page).inner_text()
    assert "predict “mpg” (a number)" in shown
    assert "left out" in shown
    run = train_on_it(page, server)
    assert run.metrics["last"]["val_r2"] >= 0.80
    assert page.problems == []


def test_a_zip_of_class_folders_is_reported_and_trains(page, server):
    path = real("cifar10-mini.zip")
    open_data(page, server)
    upload(page, path)
    assert "600 images · 32×32 RGB · 10 classes" in report(page).inner_text()
    assert page.get_by_text("airplane", exact=True).count() >= 1
    run = train_on_it(page, server)
    assert run.step == run.total_steps > 0
    assert page.problems == []


def test_bad_files_are_answered_by_a_sentence_and_can_be_renamed_and_deleted(page, server, tmp_path):
    store = DatasetStore(server.datasets)
    open_data(page, server)
    empty = tmp_path / "empty.csv"
    empty.touch()
    page.locator("input[type=file]").set_input_files(empty)
    page.get_by_text("is empty: it has 0 bytes").wait_for()
    assert store.list() == []

    path = tmp_path / "no rows.csv"
    path.write_text("a,b\n")
    upload(page, path)
    assert "must be fixed before training" in report(page).inner_text()
    assert page.get_by_role("button", name="Train on this").is_disabled()

    ask(page, "Rename")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Empty table")
    dialog.get_by_role("textbox").press("Tab")
    dialog.get_by_role("button", name="Rename").click()
    page.locator(".st-key-data_dataset_header").get_by_text("Empty table", exact=True).wait_for()
    assert [uploaded.name for uploaded in store.list()] == ["Empty table"]

    dialog.wait_for(state="hidden")
    ask(page, "Delete")
    page.get_by_role("button", name="Delete for good").click()
    page.locator(".st-key-data_dataset_header").get_by_text("Digits", exact=True).wait_for()
    assert store.list() == []
    assert page.problems == []
