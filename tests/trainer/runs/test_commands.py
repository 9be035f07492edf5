"""Commands are stored with their step before they take effect, and are replayed after a kill."""

import json
import os
import shutil

import pytest

from tests.trainer.recipes import ENDLESS, digits
from tests.trainer.watching import cut_at, finish, wait_until
from trainer import RunStore
from trainer.errors import ConfigError
from trainer.runs.event_log import log_command, log_event, read_settings
from trainer.training.sessions.commands import Scheduled, SetEpochs, SetLearningRate


def events(run):
    return [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]


def copy_as_killed(run, store):
    """Copies a live run's folder as a kill would leave it, and returns the copy."""
    target = store.path / run.id
    shutil.copytree(run.path, target, ignore=shutil.ignore_patterns("lock", "*.lock", ".tmp-*"))
    return store.get(run.id)


def test_ten_and_ten_epochs_are_twenty(store, tmp_path):
    whole, parts = store.create(digits(epochs=20)), store.create(digits(epochs=10))
    for run in (whole, parts):
        run.start()
        finish(run)
    assert parts.status == "completed"
    assert not parts.resume().acted
    assert parts.resume("completed", epochs=20).acted
    finish(parts)
    assert (parts.status, parts.epoch, parts.epochs, parts.total_steps) == ("completed", 20, 20, whole.total_steps)
    assert parts.checkpoints[0].digest == whole.checkpoints[0].digest
    assert parts.history.frame()["loss"].equals(whole.history.frame()["loss"])
    assert {"event": "set_epochs", "epochs": 20, "step": 450}.items() <= events(parts)[3].items()
    # A fresh process knows it too.
    assert RunStore(store.path).get(parts.id).epochs == 20


@pytest.mark.parametrize("schedule", [None, "cosine"])
def test_a_learning_rate_set_while_training_is_replayed_at_its_step_after_a_kill(store, tmp_path, schedule):
    run = store.create(digits(epochs=8, schedule=schedule))
    run.start()
    cut_at(run, 60, run.pause)
    saved = run.step
    run.resume()

    def set_rate():
        return run.set_learning_rate(0.02)

    given = []
    leave = run.history.subscribe(lambda: len(run.history) > saved + 40 and not given and given.append(set_rate()))
    finish(run)
    leave()
    assert given[0].acted, given[0].message
    [setting] = read_settings(run.path)
    assert saved < setting.step < run.total_steps
    # As if the process had been killed later: the newest checkpoint lies before the setting.
    killed = copy_as_killed(run, RunStore(tmp_path / "killed"))
    for checkpoint in killed.checkpoints:
        if checkpoint.step != saved:
            shutil.rmtree(checkpoint.path)
    facts = json.loads((killed.path / "run.json").read_text())
    (killed.path / "run.json").write_text(json.dumps(facts | {"status": "running"}))
    killed.refresh()
    assert killed.status == "interrupted"
    assert f"{run.step - saved:,} steps are trained again" in killed.reason
    killed.resume()
    finish(killed)
    assert killed.checkpoints[0].digest == run.checkpoints[0].digest
    assert len(read_settings(killed.path)) == 1


def test_settings_are_in_force_after_a_pause(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    cut_at(run, 10, run.pause)
    run.resume(learning_rate=0.5)
    wait_until(run, lambda: len(run.history) > run.checkpoints[-1].step + 20)
    run.pause()
    finish(run)
    run.resume()
    cut_at(run, run.step + 10, run.stop)
    rates = run.history.frame()["learning_rate"]
    assert rates.iloc[0] == pytest.approx(0.001)
    assert rates.iloc[-1] == pytest.approx(0.5)


def test_what_cannot_be_set_is_refused_in_a_sentence(store):
    run = store.create(digits(epochs=3))
    for rate in (0, -1, float("nan"), float("inf"), "fast"):
        with pytest.raises(ConfigError, match="learning_rate"):
            run.set_learning_rate(rate)
    assert not run.set_learning_rate(0.1).acted
    run.start()
    finish(run)
    with pytest.raises(ConfigError, match="epochs must be between 3"):
        run.resume(epochs=2)
    assert not run.set_epochs(5).acted


def test_going_back_is_stored_before_the_later_checkpoints_are_deleted(store, monkeypatch):
    run = store.create(digits(epochs=3, checkpoint_epochs=1, keep_checkpoints=10))
    run.start()
    cut_at(run, 50, run.pause)
    run.resume(learning_rate=0.01)
    finish(run)
    [setting] = read_settings(run.path)
    back = next(checkpoint.step for checkpoint in run.checkpoints if checkpoint.step < setting.step)

    def killed(*_):
        raise KeyboardInterrupt  # Between the event and the deletion.

    with monkeypatch.context() as patch:
        patch.setattr("trainer.runs.writer.drop_after", killed)
        run.resume(source=back)
        finish(run)
    assert read_settings(run.path) == ()


def test_going_back_takes_the_later_settings_with_it(tmp_path):
    log_event(tmp_path, "start", 0)
    log_command(tmp_path, SetLearningRate(learning_rate=0.1), 10)
    log_command(tmp_path, SetEpochs(epochs=9), 30)
    log_event(tmp_path, "resume", 25)
    assert [s.step for s in read_settings(tmp_path)] == [10, 30]
    log_event(tmp_path, "rewind", 20)
    assert read_settings(tmp_path) == (Scheduled(10, SetLearningRate(learning_rate=0.1)),)
    with open(tmp_path / "events.jsonl", "ab") as file:
        file.write(b'{"event": "set_epochs", "epochs": -4, "step": 3}\n\xff\xfe torn {"event"')
    assert len(read_settings(tmp_path)) == 1
    assert os.path.getsize(tmp_path / "events.jsonl")
