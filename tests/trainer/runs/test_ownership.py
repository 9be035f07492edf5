"""Whoever trains a run owns its folder; everyone else reads fresh state and never writes back a stale one."""

import json
import shutil

import numpy as np
import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import cut_at, finish, wait_for_step, wait_until
from trainer import RunStore
from trainer.errors import ConfigError, StorageError
from trainer.runs.checkpoint import list_checkpoints
from trainer.runs.history import History
from trainer.runs.state import change_state_file


@pytest.fixture(scope="module")
def solo(tmp_path_factory):
    """An uninterrupted run of `digits()`."""
    run = RunStore(tmp_path_factory.mktemp("solo")).create(digits())
    run.start()
    return finish(run)


def assert_same(run, other):
    assert run.checkpoints[0].digest == other.checkpoints[0].digest
    for ours, theirs in ((run.history, other.history), (run.history.epochs, other.history.epochs)):
        assert ours.frame().drop(columns="time").equals(theirs.frame().drop(columns="time"))


def test_a_tab_that_kept_its_history_open_destroys_nothing_after_another_process_trained(store, solo):
    here = store.create(digits())
    here.start()
    cut_at(here, 20, here.pause)
    watched = here.history
    there = RunStore(store.path).get(here.id)
    there.resume()
    cut_at(there, 95, there.pause)
    # No refresh in between: resuming itself must read what the other process wrote.
    assert here.resume().acted
    finish(here)
    assert here.history is watched
    assert not watched.frame()["loss"].isna().any()
    assert_same(here, solo)
    assert_same(RunStore(store.path).get(here.id), solo)


def test_a_watcher_follows_a_run_that_another_process_trains_without_rereading_it(store, monkeypatch):
    there = store.create(digits(epochs=ENDLESS))
    here = RunStore(store.path).get(there.id)
    watched, heard = here.history, []
    leave = watched.subscribe(lambda: heard.append(len(watched)))
    there.start()
    wait_until(there, lambda: (there.path / "history.arrows").exists())
    here.refresh()
    first, generation = len(watched), watched.generation
    wait_until(there, lambda: len(History.load(there.path)) > max(first, 9))
    here.refresh()
    assert (here.status, watched.generation) == ("running", generation)
    assert len(watched) > first
    assert heard
    assert watched.rows(0, 9)["step"].tolist() == list(range(1, 10))
    assert here.step > 0
    there.stop()
    finish(there)
    here.refresh()
    assert (here.status, here.step, len(watched)) == ("stopped", there.step, there.step)
    leave()


def test_renaming_elsewhere_never_writes_back_a_stale_status(store):
    run = store.create(digits(epochs=ENDLESS))
    other = RunStore(store.path).get(run.id)
    run.start()
    wait_for_step(run, 10)
    assert other.state.status == "queued", "what it read before the start"
    other.rename("renamed elsewhere")
    assert json.loads((run.path / "run.json").read_text())["status"] == "running"
    run.stop()
    finish(run)
    other.rename("and again")
    kept = RunStore(store.path).get(run.id)
    assert (kept.status, kept.name) == ("stopped", "and again")


def test_state_is_an_immutable_snapshot(store):
    run = store.create(line())
    before = run.state
    run.start()
    finish(run)
    assert (before.status, run.state.status) == ("queued", "completed")
    with pytest.raises(ValueError, match="frozen"):
        before.status = "failed"


def test_a_list_of_runs_opens_no_history(store, monkeypatch):
    run = store.create(line())
    run.start()
    finish(run)
    last, best = run.metrics["last"], run.metrics["best"]

    def refuse(*_):
        raise AssertionError("a history was opened")

    monkeypatch.setattr(History, "load", refuse)
    [found] = RunStore(store.path).list()
    assert found.metrics == {"last": last, "best": best}
    assert (found.model, found.dataset, found.step, found.total_steps) == ("linear", "linear", 24, 24)


def test_a_run_of_the_first_schema_opens_shows_its_metrics_and_resumes(store, solo):
    run = store.create(digits())
    run.start()
    cut_at(run, 60, run.pause)
    known = ("id", "name", "tags", "note", "status", "reason", "created", "parent", "started", "spec", "fingerprint",
             "grad_norm_stride", "steps_per_epoch", "step", "seconds", "ended", "steps_per_second")  # fmt: skip
    fields = json.loads((run.path / "run.json").read_text())
    old = {name: fields[name] for name in known} | {"schema": 1, "test": {"test_accuracy": 0.5}}
    (run.path / "run.json").write_text(json.dumps(old))
    again = RunStore(store.path).get(run.id)
    assert again.metrics["best"]["epoch"] == 1
    assert again.epochs == 3
    assert again.resume().acted
    finish(again)
    assert_same(again, solo)


# Damage


def flip(path, place):
    contents = bytearray(path.read_bytes())
    contents[place] ^= 16
    path.write_bytes(contents)


def test_a_damaged_history_is_told_and_left_empty_and_the_run_goes_on(store, solo):
    run = store.create(digits())
    run.start()
    cut_at(run, 60, run.pause)
    whole = run.history.frame()
    path = run.path / "history.arrows"
    size = path.stat().st_size
    shown = 0
    for place in range(200, size - 8, size // 40):
        original = path.read_bytes()
        flip(path, place)
        damaged = History.load(run.path)
        frame = damaged.frame()
        known = frame["loss"].notna() if len(frame) else []
        # A row is either what was measured, or empty: never another number.
        assert not len(frame) or np.array_equal(frame["loss"][known], whole["loss"][: len(frame)][known])
        assert damaged.damaged or len(frame) < len(whole) or frame.equals(whole)
        shown += damaged.damaged > 0
        path.write_bytes(original)
    assert shown
    flip(path, size // 2)
    flip(run.path / "epochs.arrows", (run.path / "epochs.arrows").stat().st_size // 2)
    again = RunStore(store.path).get(run.id)
    again.resume()
    finish(again)
    assert again.status == "completed", again.reason
    assert any("The history is damaged" in note for note in again.notes)
    assert again.checkpoints[0].digest == solo.checkpoints[0].digest
    assert again.history.frame()["step"].tolist() == list(range(1, solo.step + 1))


def test_a_damaged_config_is_replaced_by_the_copy_in_the_checkpoint(store):
    run = store.create(digits())
    run.start()
    cut_at(run, 20, run.pause)
    (run.path / "config.json").write_bytes(b"\xff{")
    again = RunStore(store.path).get(run.id)
    assert again.config == run.config
    for checkpoint in list_checkpoints(run.path / "checkpoints"):
        shutil.rmtree(checkpoint.path)
    with pytest.raises(ConfigError, match=r"config\.json of the run"):
        _ = RunStore(store.path).get(run.id).config
    assert len(RunStore(store.path).list()) == 1


def test_an_edited_config_is_refused_with_what_changed(store):
    run = store.create(digits())
    run.start()
    cut_at(run, 20, run.pause)
    path = run.path / "config.json"
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {"batch_size": 16}))
    again = RunStore(store.path).get(run.id)
    again.resume()
    finish(again)
    assert again.status == "failed"
    assert "config.json was changed after training began: batch_size is 16 and was 32" in again.reason
    path.write_text(json.dumps(fields))
    assert again.resume().acted
    assert finish(again).status == "completed"


def test_going_back_with_an_edited_config_is_refused_before_anything_is_deleted(store):
    run = store.create(digits())
    run.start()
    for step in (20, 70):
        cut_at(run, step, run.pause)
        if step == 20:
            run.resume()
    steps = [checkpoint.step for checkpoint in run.checkpoints]
    fields = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(fields | {"batch_size": 16}))
    again = RunStore(store.path).get(run.id)
    again.resume(source=steps[-1])
    assert "config.json was changed" in finish(again).reason
    assert [checkpoint.step for checkpoint in again.checkpoints] == steps


def test_a_full_disk_is_a_sentence_and_leaves_no_temporary_files(store, monkeypatch):
    run = store.create(line())

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("trainer.storage.json.dump", full)
        for act in (lambda: run.rename("new"), run.start, lambda: change_state_file(run.path, {"note": "x"})):
            with pytest.raises(StorageError, match=r"cannot be written: No space left on device\. The disk is full"):
                act()
        with pytest.raises(ConfigError, match="No space left on device"):
            store.create(line())
    assert not list(store.path.rglob(".tmp-*"))
    assert run.start().acted
    assert finish(run).status == "completed"


def test_a_file_that_cannot_be_read_is_not_blamed_on_the_runs_folder(store, monkeypatch):
    def unreadable(*_, **__):
        raise OSError(5, "Input/output error", "table.csv")

    monkeypatch.setattr("trainer.training.sessions.session.build", unreadable)
    run = store.create(line())
    run.start()
    finish(run)
    assert run.reason.startswith("The data could not be read: [Errno 5] Input/output error: 'table.csv'")
    monkeypatch.setattr("trainer.training.sessions.session.build", lambda *_: (_ for _ in ()).throw(out_of_memory()))
    run.resume()
    finish(run)
    assert "not enough memory" in run.reason


def out_of_memory():
    import tensorflow as tf

    return tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
