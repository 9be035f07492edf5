"""A click on a cell of the confusion matrix shows its examples."""

from __future__ import annotations

import pytest

from tests.browser.conftest import settle
from trainer import RunConfig, RunStore
from trainer.analysis.evaluation.classification import confusion
from trainer.analysis.evaluation.predicting import predict_split
from trainer.analysis.evaluation.predictions import predicted_classes
from trainer.analysis.jobs import Job

pytestmark = pytest.mark.browser


def test_a_click_on_a_cell_shows_its_examples(page, server):
    run = RunStore(server.runs).create(RunConfig(model="mlp", model_options={"units": 32}, dataset="digits", epochs=8))
    run.start()
    assert run.wait(120)
    made = predict_split(run, run.find_checkpoint("best").digest, "validation", Job(("test",), lambda job: None))
    counts = confusion(made.y, predicted_classes(made.output), 10)

    assert counts[6, 6] > 0 < counts[3, 3]
    page.goto(f"{server.url}/?run={run.id}")
    settle(page)
    page.get_by_role("tab", name="Evaluation").click()
    cells = page.locator(f".st-key-train_evaluation_confusion_{run.id}_plot .scatterlayer .points path")
    cells.nth(99).wait_for(state="attached")
    settle(page)
    for true in (6, 3):
        page.locator(f".st-key-train_evaluation_confusion_{run.id}_plot").scroll_into_view_if_needed()
        box = cells.nth(10 * true + true).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.get_by_text(f"{true} predicted as {true}: {counts[true, true]} example").wait_for()
        settle(page)
        shown = page.locator(".st-key-train_evaluation_cell_images img")
        shown.nth(min(24, int(counts[true, true])) - 1).wait_for()
        assert shown.count() == min(24, counts[true, true])
    assert page.problems == []
