"""Training longer: exact where nothing depends on the total, told where something does, and kept with the run."""

import json

import keras
import pytest

from tests.trainer.recipes import digits, line
from tests.trainer.watching import cut_at, finish
from trainer import RunConfig
from trainer.catalog.schedules.plan import Plan
from trainer.config.registry import SCHEDULES
from trainer.export import export
from trainer.runs.extending import depends_on_total


def cnn(**fields) -> RunConfig:
    options = {"filters": 4, "dropout": 0.2}
    return RunConfig(**{"model": "cnn", "dataset": "digits", "model_options": options} | fields)


@pytest.mark.parametrize(
    ("recipe", "how"), [(digits, "completed"), (digits, "paused"), (digits, "stopped"), (cnn, "completed")]
)
def test_ten_epochs_and_ten_more_are_twenty(store, recipe, how):
    whole, parts = store.create(recipe(epochs=20)), store.create(recipe(epochs=10))
    whole.start()
    finish(whole)
    assert depends_on_total(parts.config) is None
    parts.start()
    if how == "completed":
        finish(parts)
    else:
        cut_at(parts, 200, parts.pause if how == "paused" else parts.stop)
    assert parts.resume(how, epochs=20).acted
    finish(parts)
    assert (parts.status, parts.epoch, parts.step) == ("completed", 20, whole.step)
    assert parts.checkpoints[0].digest == whole.checkpoints[0].digest
    assert parts.history.frame()["loss"].equals(whole.history.frame()["loss"])
    for which in ("last", "best"):
        assert parts.metrics[which] | {"time": 0} == whole.metrics[which] | {"time": 0}


def test_what_was_set_is_in_the_log_the_description_and_the_exported_configuration(store, tmp_path):
    run = store.create(line(epochs=2))
    run.start()
    finish(run)
    assert run.resume(epochs=3, learning_rate=0.02).acted
    finish(run)
    log = (run.path / "log.txt").read_text()
    assert "Step 16: The run now trains for 3 epochs." in log
    assert "Step 16: The learning rate is now 0.02." in log
    commands = json.loads(json.dumps(run.describe()))["commands"]
    assert commands == [
        {"step": 16, "event": "set_epochs", "epochs": 3},
        {"step": 16, "event": "set_learning_rate", "learning_rate": 0.02},
    ]
    exported = RunConfig.from_file(export(run, "config.json", tmp_path / "config.json"))
    assert (exported.epochs, exported.optimizer_options["learning_rate"]) == (3, 0.02)
    assert exported == run.current_config
    assert run.config.epochs == 2, "the recipe itself is never changed"


def test_a_setting_that_is_replayed_is_logged_once(store):
    run = store.create(digits(epochs=2, checkpoint_epochs=1, keep_checkpoints=10))
    run.start()
    finish(run)
    run.resume(epochs=4)
    finish(run)
    run.resume(source=run.checkpoints[0].step - 45)
    finish(run)
    assert (run.status, run.epoch) == ("completed", 4)
    assert (run.path / "log.txt").read_text().count("now trains for 4 epochs") == 1


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_a_schedule_says_whether_it_depends_on_the_total(name):
    entry = SCHEDULES[name]
    keras.utils.set_random_seed(0)
    options = entry.parse({})
    short, long = (entry.build(Plan(0.1, 10, total), **options) for total in (100, 200))
    differs = any(float(short(step)) != float(long(step)) for step in range(100))
    assert differs == entry.traits.uses_total
    config = digits(schedule=name)
    assert (depends_on_total(config) is not None) == differs
    if differs:
        assert f"The schedule {entry.label} depends on the total number of epochs" in depends_on_total(config)


def test_restored_weights_are_told(store):
    stop = {"patience": 3, "restore_best": True}
    assert "restored the best weights" in depends_on_total(digits(early_stopping=stop))
    assert depends_on_total(digits(early_stopping=stop | {"restore_best": False})) is None
