"""The page on adding entries shows files that work in the places that it names."""

import re
import sys
from pathlib import Path

import pytest

from trainer import RunConfig, RunStore
from trainer.config.registry import DATASETS, EXPORTS, LOSSES, MODELS, OPTIMIZERS
from trainer.export import export

PAGE = Path(__file__).parents[3] / "docs" / "adding-a-model.md"
ADDED = ((MODELS, "residual"), (DATASETS, "circles"), (OPTIMIZERS, "adamax"), (LOSSES, "log_cosh"))


@pytest.fixture
def added(tmp_path):
    """Runs every snippet as a file in a folder of its own; forgets the entries afterwards."""
    text = PAGE.read_text(encoding="utf-8")
    places = re.findall(r"Save this as `(trainer/[\w/]+\.py)`", text)
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(places) == len(snippets) == 5
    for registry, name in (*ADDED, (EXPORTS, "losses.txt")):
        assert name not in registry
    for place, snippet in zip(places, snippets, strict=True):
        assert (PAGE.parents[1] / place).parent.is_dir()
        assert not (PAGE.parents[1] / place).exists()
        exec(compile(snippet, place, "exec"), {"__name__": place.removesuffix(".py").replace("/", ".")})
    yield
    for registry, name in (*ADDED, (EXPORTS, "losses.txt")):
        del registry._entries[name]


def test_the_entries_on_the_page_train_and_are_downloaded(added, tmp_path):
    store = RunStore(tmp_path / "runs")
    for fields in (
        {"model": "residual", "dataset": "circles", "optimizer": "adamax", "model_options": {"blocks": 1}},
        {"model": "residual", "dataset": "linear", "loss": "log_cosh", "dataset_options": {"size": 100}},
    ):
        run = store.create(RunConfig(**fields, epochs=2))
        run.start()
        assert run.wait(300)
        assert run.status == "completed", run.reason
        written = export(run, "losses.txt", tmp_path / "losses.txt").read_text().split("\n")
        assert len(written) == 2
        assert float(written[1]) < float(written[0])
    assert not any(name in sys.modules for name in ("trainer.catalog.models.residual", "trainer.export.losses"))


def test_the_entries_on_the_page_are_what_the_catalog_asks_for(added):
    from tests.trainer.catalog.test_catalogue import (
        test_every_entry_says_what_it_is_and_builds_from_its_defaults as check_entry,
    )

    for registry, name in (*ADDED, (EXPORTS, "losses.txt")):
        check_entry(registry, name)
