"""A click on a cell of the confusion matrix shows its examples."""

from __future__ import annotations

import pytest

from tests.browser.conftest import set_number, settle, wait_status, wait_warm
from trainer import RunStore
from trainer.analysis.evaluation.cache import cache_file, read_predictions
from trainer.analysis.evaluation.classification import confusion
from trainer.analysis.evaluation.predictions import predicted_classes

pytestmark = pytest.mark.browser


def test_a_click_on_a_cell_shows_its_examples(page, server):
    page.goto(server.url)
    settle(page)
    wait_warm(page)
    set_number(page, "train_epochs_set", 4)
    page.get_by_role("button", name="Start training").click()
    wait_status(page, "completed")
    settle(page)
    page.get_by_role("tab", name="Evaluation").click()

    run = RunStore(server.runs).list()[0]
    matrix = page.locator(f".st-key-train_evaluation_confusion_{run.id}_plot")
    cells = matrix.locator(".scatterlayer .points path")
    cells.nth(99).wait_for(state="attached")
    settle(page)
    made = read_predictions(cache_file(run.path, run.find_checkpoint("best").digest, "validation"))
    counts = confusion(made.y, predicted_classes(made.output), 10)
    for true in (6, 3):
        assert counts[true, true] > 0
        matrix.scroll_into_view_if_needed()
        box = cells.nth(10 * true + true).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.get_by_text(f"{true} predicted as {true}: {counts[true, true]} example").wait_for()
        settle(page)
        shown = page.locator(".st-key-train_evaluation_cell_images img")
        shown.nth(min(24, int(counts[true, true])) - 1).wait_for()
        assert shown.count() == min(24, counts[true, true])
    assert page.problems == []
