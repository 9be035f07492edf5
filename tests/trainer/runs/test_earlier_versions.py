"""Run folders of the first schema open, show their history and resume."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.watching import finish
from trainer import RunConfig
from trainer.config.arithmetic import ARITHMETIC, arithmetic_of, changed_arithmetic

#: Two runs that the first version paused: a linear model, and an MLP with dropout and batch norm.
FOLDERS = Path(__file__).with_name("earlier_runs.zip")


@pytest.fixture
def earlier(store):
    store.path.mkdir()
    with zipfile.ZipFile(FOLDERS) as archive:
        archive.extractall(store.path)
    return {run.name: run for run in store.list()}


def test_an_earlier_run_opens_with_its_numbers(earlier):
    run = earlier["mlp"]
    assert json.loads((run.path / "run.json").read_text())["schema"] == 1
    assert (run.status, run.step, run.epoch, run.total_steps) == ("paused", 44, 1, 135)
    assert run.history.frame()["step"].tolist() == list(range(1, 45))
    assert run.metrics == {"last": {}, "best": {}}
    linear = earlier["linear"].metrics
    assert (linear["last"]["epoch"], linear["last"]["step"]) == (1, 8)
    assert linear["best"]["val_loss"] <= linear["last"]["val_loss"]


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_an_earlier_run_resumes_to_what_an_uninterrupted_run_reaches(store, earlier, name, monkeypatch):
    run = earlier[name]
    # What an uninterrupted run computed then; an earlier run keeps it of its own accord.
    monkeypatch.setattr("trainer.config.arithmetic.ARITHMETIC", 2)
    whole = store.create(run.config)
    for each in (run, whole):
        assert each.resume().acted if each is run else each.start().acted
        assert finish(each).status == "completed", each.reason
    # On the machine that began it the bits are the same; others round differently.
    ours, theirs = run.history.frame(), whole.history.frame()
    assert ours["step"].tolist() == theirs["step"].tolist()
    assert np.allclose(ours["loss"], theirs["loss"], rtol=1e-2, atol=1e-3)
    assert json.loads((run.path / "run.json").read_text())["schema"] == 2


def test_a_run_says_what_is_computed_differently_since_it_began():
    plain = RunConfig(model="mlp", dataset="digits")
    accumulating = RunConfig(model="mlp", dataset="digits", gradient_accumulation_steps=4)
    before = {"threads": 2}
    assert changed_arithmetic(plain, before) == []
    assert changed_arithmetic(accumulating, before) == ["accumulated gradients are averaged before they are clipped"]
    assert changed_arithmetic(accumulating, {}) == []
    assert changed_arithmetic(accumulating, before | {"arithmetic": ARITHMETIC}) == []


def test_a_run_keeps_the_arithmetic_that_it_began_with():
    assert arithmetic_of({}) == ARITHMETIC
    assert arithmetic_of({}, step=10) == 2
    assert arithmetic_of({"threads": 2}, step=10) == 2
    assert arithmetic_of({"arithmetic": 2}) == 2
    assert arithmetic_of({"arithmetic": ARITHMETIC}, step=10) == ARITHMETIC
