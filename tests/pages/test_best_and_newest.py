"""Best or newest is one explicit choice, each with its step and score."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from pages.ui.run.sources import source_labels
from pages.ui.run.summary import headline, warn_unlearned
from tests.pages.conftest import open_page
from trainer import EXPORTS, Run, RunConfig

CONFIG = RunConfig(dataset="digits", model="mlp", epochs=2000)
BEST = {"step": 1080, "epoch": 24, "val_loss": 0.12344, "val_accuracy": 0.9721}
LAST = {"step": 90_000, "epoch": 2000, "val_loss": 0.5, "val_accuracy": 0.96111}


@dataclass
class Saved:
    step: int


@dataclass
class FakeRun:
    saved: list[int]
    best: dict = field(default_factory=lambda: BEST)
    last: dict = field(default_factory=lambda: LAST)
    config = CONFIG
    epochs = CONFIG.epochs
    is_live = False
    spec = dataclasses.replace(CONFIG.spec, baselines={"val_accuracy": 0.10285, "val_loss": 2.3026})

    @property
    def checkpoints(self):
        return [Saved(step) for step in self.saved]

    find_checkpoint = Run.find_checkpoint

    @property
    def best_step(self):
        return int(self.best["step"])

    @property
    def metrics(self):
        return {"best": self.best, "last": self.last}


@pytest.mark.parametrize(
    ("run", "labels"),
    [
        (FakeRun([]), {}),
        (
            FakeRun([90_000, 1080]),
            {
                "best": "Best: step 1,080 · epoch 24 · val_loss 0.1234",
                "latest": "Newest: step 90,000 · epoch 2,000 · val_loss 0.5000",
            },
        ),
        (FakeRun([90_000]), {"latest": "Newest: step 90,000 · epoch 2,000 · val_loss 0.5000"}),
        (FakeRun([90_020, 90_000], best=LAST), {"best": "Best: step 90,000 · epoch 2,000 · val_loss 0.5000",
                                               "latest": "Newest: step 90,020"}),
        (FakeRun([90_000], best=LAST), {"latest": "Newest: step 90,000 · epoch 2,000 · val_loss 0.5000"}),
    ],
)  # fmt: skip
def test_what_can_be_taken_names_step_and_score(run, labels):
    assert source_labels(run) == labels


def test_the_headline_names_the_step_of_every_number():
    words = headline(FakeRun([90_000, 1080]))
    assert "**0.9721 validation accuracy** at epoch 24 of 2,000 (step 1,080)" in words
    assert "Newest: 0.9611 at epoch 2,000 (step 90,000)." in words


def test_test_scores_are_never_paired_with_other_weights():
    tested = FakeRun([90_000], best=BEST | {"test_accuracy": 0.97}, last=LAST | {"test_accuracy": 0.95})
    assert "The same weights reach **0.9700** on the test split" in headline(tested)
    assert "0.9500 on the test split" in headline(tested)
    older = FakeRun([90_000], last=LAST | {"test_accuracy": 0.95})
    assert "The newest weights (step 90,000) reach **0.9500** on the test split" in headline(older)


def test_the_baseline_stands_beside_the_score_and_a_run_that_has_not_learned_says_so():
    assert "always guessing the most frequent class: 0.1028." in headline(FakeRun([90_000]))
    assert warn_unlearned(FakeRun([90_000])) is None
    bad = {"step": 45, "epoch": 1, "val_loss": 2.4, "val_accuracy": 0.09}
    assert "has not learned" in warn_unlearned(FakeRun([45], best=bad, last=bad))


@pytest.fixture
def stopped(store):
    """A stopped run whose best epoch comes long before its newest; the learning rate is too high to improve on it."""
    run = store.create(RunConfig(dataset="iris", model="mlp", epochs=40, optimizer_options={"learning_rate": 0.3}))
    run.start()
    assert run.wait(120)
    path = run.path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "stopped"}))
    run.refresh()
    assert run.best_step < run.step
    return run


def test_a_stopped_run_resumes_from_the_best_epoch(stopped):
    best, newest = stopped.best_step, stopped.step
    page = open_page(stopped)
    page.get("menu_button")[0].set_value("Resume from").run()
    assert not page.exception
    assert any(
        f"deletes the {newest - best} steps and 1 checkpoint after step {best}." in c.value for c in page.caption
    )
    page.radio(key="train_resume_choose").set_value("best")
    page.button(key="train_resume_confirm").click().run()
    assert not page.exception
    assert stopped.wait(120)
    assert f"Training from step {best}." in (stopped.path / "log.txt").read_text()


def test_downloads_are_of_the_state_that_is_chosen(stopped):
    page = open_page(stopped)
    assert not page.get("link_button")
    page.session_state["train_run_download"] = True  # the menu is open
    for source in ("best", "latest"):
        page.radio(key="train_source_choose").set_value(source).run()
        assert not page.exception
        urls = {urlsplit(link.proto.url).path.rpartition("/")[2]: link.proto.url for link in page.get("link_button")}
        for name, url in urls.items():
            chosen = parse_qs(urlsplit(url).query).get("from")
            assert chosen == ([source] if EXPORTS[name].traits.source else None), name
        assert {"model.keras", "checkpoint.zip", "history.csv"} <= urls.keys()
