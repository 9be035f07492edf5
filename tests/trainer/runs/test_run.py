"""A run's life: commands act once, every ending is told, and what was saved is found again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import cut_at, finish, wait_for_step, wait_until
from trainer import RunConfig, RunStore
from trainer.errors import ConfigError, RunBusyError, RunNotFound
from trainer.runs.checkpoint import list_checkpoints
from trainer.runs.history import History
from trainer.runs.run import STATUSES
from trainer.storage import write_json
from trainer.training import build as build_module
from trainer.training.sessions import session as session_module


def events(run) -> list[tuple[str, int]]:
    lines = (run.path / "events.jsonl").read_text().splitlines()
    return [(event["event"], event["step"]) for event in map(json.loads, lines)]


def read_json(run) -> dict:
    return json.loads((run.path / "run.json").read_text())


def rows(run):
    """Returns a run's rows without what the clock says."""
    return run.history.frame().drop(columns="time"), run.history.epochs.frame().drop(columns="time")


def assert_same(run, other):
    assert run.checkpoints[0].digest == other.checkpoints[0].digest
    for ours, theirs in zip(rows(run), rows(other), strict=True):
        assert ours.equals(theirs)


@pytest.fixture(scope="module")
def solo(tmp_path_factory):
    """An uninterrupted run of `digits()`."""
    run = RunStore(tmp_path_factory.mktemp("solo")).create(digits())
    run.start()
    return finish(run)


# The whole way


def test_a_run_completes_and_tells_everything(store, solo):
    run = store.create(line(), name=" first line ")
    assert (run.name, run.status, run.step, run.epoch, run.checkpoints) == ("first line", "queued", 0, 0, [])
    assert run.start().acted
    finish(run)
    assert (run.status, run.reason, run.notes) == ("completed", "", [])
    assert (run.step, run.epoch, run.total_steps, run.steps_per_epoch) == (24, 3, 24, 8)
    history, epochs = run.history.frame(), run.history.epochs.frame()
    assert history["step"].tolist() == list(range(1, 25))
    assert history["epoch"].tolist() == [1] * 8 + [2] * 8 + [3] * 8
    assert epochs["epoch"].tolist() == [1, 2, 3]
    assert epochs["step"].tolist() == [8, 16, 24]
    assert {"loss", "val_loss", "mae", "val_mae", "r2", "val_r2"} <= set(epochs)
    assert epochs["time"].tolist() == history["time"][[7, 15, 23]].tolist()
    assert run.steps_per_second > 0
    assert run.seconds == history["time"].iloc[-1]
    assert run.checkpoints[0].step == 24
    described = json.loads(json.dumps(run.describe(), allow_nan=False))
    assert described["digest"] == run.checkpoints[0].digest
    assert described["metrics"]["last"]["val_loss"] == pytest.approx(epochs["val_loss"].iloc[-1])
    assert events(run) == [("start", 0), ("completed", 24)]
    assert run.spec.examples == 200
    assert run.fingerprint["jit_compile"] is True


def test_time_grows_from_step_to_step_across_a_pause(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 200)
    run.pause()
    paused_at = finish(run).step
    run.resume()
    wait_for_step(run, paused_at + 200)
    run.stop()
    times = finish(run).history.frame()["time"]
    assert (np.diff(times) > 0).all()
    assert run.seconds == times.iloc[-1]


def test_speed_leaves_compiling_and_validating_out(store, monkeypatch):
    from trainer.training import loop

    class Slow(loop.Evaluator):
        def __call__(self, should_stop=lambda: False):
            threading.Event().wait(0.5)
            return super().__call__(should_stop)

    monkeypatch.setattr(loop, "Evaluator", Slow)
    run = store.create(line(epochs=4, checkpoint_seconds=1))
    run.start()
    finish(run)
    times = run.history.frame()["time"]
    assert run.seconds < 0.5 < run.describe()["steps_per_second"]
    assert run.steps_per_second == pytest.approx(32 / times.iloc[-1])


# Commands


def test_a_double_click_acts_once(store):
    run = store.create(digits(epochs=ENDLESS))
    assert [run.start("queued").acted, run.start("queued").acted] == [True, False]
    wait_for_step(run, 1)
    first, second = run.pause("running"), run.pause("running")
    assert (first.acted, second.acted) == (True, False)
    assert second.message == "This run has already been asked to pause."
    assert run.pending == "pause"
    finish(run)
    assert run.status == "paused"
    assert [run.resume("paused").acted, run.resume("paused").acted] == [True, False]
    run.stop()
    assert finish(run).status == "stopped"
    assert [event for event, _ in events(run)] == ["start", "paused", "resume", "stopped"]


def test_a_stale_command_is_refused_with_what_happened(store):
    run = store.create(line())
    run.start()
    finish(run)
    for refused in (run.pause("running"), run.stop("running"), run.resume("paused"), run.start("queued")):
        assert not refused.acted
        assert refused.status == "completed"
        assert "no longer" in refused.message
        assert "completed" in refused.message
    assert run.resume().message == "Nothing to resume: this run is completed."


def test_many_threads_pressing_start_start_it_once(store):
    run, outcomes, gate = store.create(line()), [], threading.Barrier(6)

    def press():
        gate.wait(10)
        outcomes.append(run.start("queued"))

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    finish(run)
    assert sum(outcome.acted for outcome in outcomes) == 1
    assert events(run).count(("start", 0)) == 1


def test_pause_resume_and_stop_give_what_an_uninterrupted_run_gives(store, solo):
    run = store.create(digits())
    run.start()
    statuses = []
    for step, command in ((1, run.pause), (40, run.stop), (90, run.interrupt)):
        cut_at(run, step, command)
        statuses.append(run.status)
        assert (run.step, len(run.history)) == (run.checkpoints[0].step, run.step)
        assert str(run.step) in run.reason
        assert run.resume().acted
    finish(run)
    assert statuses == ["paused", "stopped", "interrupted"]
    assert run.status == "completed"
    assert_same(run, solo)
    assert run.notes == []


def test_a_paused_run_can_be_stopped_and_still_goes_on(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    run.pause()
    finish(run)
    assert run.stop("paused").acted
    assert run.status == "stopped"
    assert RunStore(store.path).get(run.id).status == "stopped"
    assert run.resume().acted
    run.stop()
    assert finish(run).status == "stopped"


def test_a_pause_before_the_first_step_loses_nothing(store, solo):
    run = store.create(digits())
    run.start()
    run.pause()
    assert finish(run).status == "paused"
    assert run.step <= 1
    run.resume()
    finish(run)
    assert_same(run, solo)


def test_ending_the_process_leaves_a_pause_a_pause(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 1)
    run.pause()
    store.close(60)
    assert finish(run).status == "paused"


@pytest.mark.parametrize("where", ["validation", "test"])
def test_a_run_ended_while_it_is_measured_measures_again(store, monkeypatch, where):
    """The measurement is called off at its first batch, and the epoch's row comes with the next session."""
    from trainer.training import loop

    def with_test_split(*arguments, load=build_module.load_dataset, **options):
        data = load(*arguments, **options)
        return type(data)(data.spec, data.train, data.validation, data.validation)

    monkeypatch.setattr(build_module, "load_dataset", with_test_split)
    whole = store.create(digits(epochs=2))
    whole.start()
    finish(whole)
    run, calls = store.create(digits(epochs=2)), []

    class Interrupting(loop.Evaluator):
        def __call__(self, should_stop=lambda: False):
            calls.append(run.step)
            if len(calls) == {"validation": 2, "test": 3}[where]:
                run.interrupt()
            return super().__call__(should_stop)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "Evaluator", Interrupting)
        run.start()
        assert finish(run).status == "interrupted"
    assert run.step == run.total_steps
    assert len(run.history.epochs) == {"validation": 1, "test": 2}[where]
    run.resume()
    assert finish(run).status == "completed"
    assert_same(run, whole)
    assert run.metrics["last"]["test_accuracy"] == whole.metrics["last"]["test_accuracy"]


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_run_cut_exactly_at_an_epochs_end_goes_on_exactly(store, solo, monkeypatch, epoch):
    run = store.create(digits())
    real = session_module.Session._end_epoch

    def pausing(session, logs):
        yield from real(session, logs)
        if session._step == epoch * session._steps_per_epoch:
            run.pause()

    with monkeypatch.context() as patch:
        patch.setattr(session_module.Session, "_end_epoch", pausing)
        run.start()
        assert finish(run).status == "paused"
    assert (run.step, len(run.history.epochs)) == (epoch * 45, epoch)
    run.resume()
    finish(run)
    assert_same(run, solo)


# Checkpoints


def test_resume_from_best_or_from_a_step_takes_back_what_came_after(store):
    run = store.create(digits(epochs=4, keep_checkpoints=100))
    run.start()
    for step in (20, 100):
        cut_at(run, step, run.pause)
        run.resume()
    finish(run)
    whole = run.checkpoints[0].digest
    facts = json.loads((run.path / "run.json").read_text()) | {"status": "stopped"}
    for source in ("best", [c.step for c in run.checkpoints][-1]):
        write_json(run.path / "run.json", facts)
        step = run.best_step if source == "best" else source
        assert run.resume(source=source).acted
        finish(run)
        assert run.status == "completed"
        assert events(run)[-2] == ("resume", step)
        assert run.checkpoints[0].digest == whole
        assert run.history.frame()["step"].tolist() == list(range(1, 181))
        assert run.history.epochs.frame()["epoch"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("source", ["worst", "-1", "999999", "1.5", "²", "", 7])
def test_resume_from_nowhere_is_refused(store, source):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    cut_at(run, 10, run.pause)
    with pytest.raises(ConfigError, match=f"from must be latest, best or .*{run.step}"):
        run.resume(source=source)
    assert run.status == "paused"


def test_the_best_checkpoint_is_kept_beside_the_newest(store, monkeypatch):
    """The best epoch is the first one; each later epoch is checkpointed."""
    from trainer.training import loop

    class Worsening(loop.Evaluator):
        def __call__(self, should_stop=lambda: False):
            return super().__call__(should_stop) and {"loss": float(run.step)}

    monkeypatch.setattr(loop, "Evaluator", Worsening)
    run = store.create(digits(epochs=6, keep_checkpoints=2))
    run.start()
    for step in (50, 100, 140, 190, 230):
        cut_at(run, step, run.pause)
        run.resume()
    finish(run)
    steps = [c.step for c in run.checkpoints]
    assert len(steps) == 3
    assert (steps[0], steps[-1]) == (270, 45)


def test_checkpoints_are_written_by_the_clock_while_training(store):
    run = store.create(digits(epochs=ENDLESS, checkpoint_seconds=1, keep_checkpoints=2))
    run.start()
    wait_for_step(run, 1)
    wait_until(run, lambda: len(run.checkpoints) >= 2)
    wait_until(run, lambda: run.checkpoints[0].step > 500)
    assert run.status == "running"
    held = run.checkpoints[0].step
    assert len(History.load(run.path)) >= held
    run.stop()
    finish(run)
    assert len(run.checkpoints) <= 3


def test_a_damaged_newest_checkpoint_is_replaced_by_the_one_before_and_a_note_says_so(store, solo):
    run = store.create(digits())
    run.start()
    for step in (20, 60):
        cut_at(run, step, run.pause)
        if step == 20:
            before = run.step
            run.resume()
    state = run.checkpoints[0].path / "state.npz"
    contents = bytearray(state.read_bytes())
    contents[len(contents) // 2] ^= 4
    state.write_bytes(contents)
    damaged = run.step
    run.resume()
    finish(run)
    assert run.status == "completed"
    assert len(run.notes) == 1
    assert str(damaged) in run.notes[0]
    assert "set aside" in run.notes[0]
    assert ("resume", before) in events(run)
    assert_same(run, solo)


def test_another_machines_threads_are_noted_and_training_goes_on(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 10)
    run.pause()
    facts = read_json(finish(run))
    facts["fingerprint"]["threads"] = 64
    write_json(run.path / "run.json", facts)
    run.resume()
    run.stop()
    finish(run)
    assert run.notes == [f"Continued, not bit-identical: threads 64 → {run.fingerprint['threads']}."]


def test_what_a_killed_write_left_behind_is_swept_away(store):
    run = store.create(line())
    left = run.path / "checkpoints" / ".tmp-step-0000000003"
    left.mkdir()
    (left / "state.npz").write_bytes(b"half")
    run.start()
    finish(run)
    assert not list((run.path / "checkpoints").glob(".tmp-*"))


# What goes wrong


def diverging(**fields) -> RunConfig:
    # Plain linear regression on 10 standardized features doubles its error from a rate of about 1 on.
    return RunConfig(
        model="linear", dataset="diabetes", optimizer="sgd", optimizer_options={"learning_rate": 100.0}, **fields
    )


def test_divergence_fails_with_step_and_remedy(store):
    run = store.create(diverging(epochs=10))
    run.start()
    finish(run)
    assert run.status == "failed"
    bad = run.step + 1
    assert f"step {bad}." in run.reason
    assert "smaller learning rate (now 100)" in run.reason
    assert "clip" in run.reason
    frame = run.history.frame()
    assert len(frame) == run.step
    assert np.isfinite(frame["loss"]).all()
    assert "DivergenceError" in (run.path / "log.txt").read_text()
    assert events(run)[-1] == ("failed", run.step)


def test_the_last_good_checkpoint_of_a_diverged_run_stays_and_goes_on(store, monkeypatch):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 60)
    run.pause()
    good = finish(run).step
    real = session_module.Session._first_bad
    with monkeypatch.context() as patch:
        patch.setattr(
            session_module.Session,
            "_first_bad",
            lambda session, chunk: 0 if chunk.step > good + 100 else real(session, chunk),
        )
        run.resume()
        finish(run)
    assert run.status == "failed"
    assert run.checkpoints[0].step >= good
    assert f"The checkpoint of step {run.checkpoints[0].step} is kept." in run.reason
    kept = run.checkpoints[0].step
    assert run.resume().acted
    wait_for_step(run, kept + 50)
    run.stop()
    finish(run)
    assert run.status == "stopped"
    assert run.history.frame()["step"].tolist() == list(range(1, run.step + 1))


def test_weights_that_are_not_finite_are_never_saved(store, monkeypatch):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 20)
    run.pause()
    good = finish(run).step
    real = session_module.Session._train

    def poisoned(session):
        yield from real(session)
        first = session._learner.model.trainable_variables[0]
        first.assign(np.full(first.shape, np.nan, np.float32))

    with monkeypatch.context() as patch:
        patch.setattr(session_module.Session, "_train", poisoned)
        run.resume()
        run.pause()
        finish(run)
    assert run.status == "failed"
    assert "weights are no longer finite" in run.reason
    assert [c.step for c in run.checkpoints] == [good]


def test_whatever_breaks_the_run_is_told_and_logged(store, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("by a plug-in\nsecond line")

    monkeypatch.setattr(session_module, "build", broken)
    run = store.create(line())
    run.start()
    finish(run)
    assert run.status == "failed"
    assert run.reason == "Training failed: ZeroDivisionError: by a plug-in. The log has the details."
    assert "Traceback" in (run.path / "log.txt").read_text()
    monkeypatch.undo()
    assert run.resume().acted
    assert finish(run).status == "completed"


def test_a_full_disk_fails_the_run_and_it_goes_on_when_there_is_room(store, monkeypatch, solo):
    run = store.create(digits())
    full = threading.Event()

    def write(*arguments, real=np.savez, **arrays):
        if full.is_set():
            raise OSError(28, "No space left on device")
        return real(*arguments, **arrays)

    monkeypatch.setattr(np, "savez", write)
    run.start()
    cut_at(run, 30, run.pause)
    full.set()
    run.resume()
    finish(run)
    assert run.status == "failed"
    assert "No space left on device. The disk is full." in run.reason
    assert run.reason.count("cannot be written") == 1
    full.clear()
    run.resume()
    finish(run)
    assert_same(run, solo)


def test_a_run_whose_folder_vanishes_still_ends(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 10)
    shutil.rmtree(run.path)
    run.pause()
    finish(run)
    assert run.status == "failed"
    assert not run.is_live
    with pytest.raises(RunNotFound):
        run.refresh()
    with pytest.raises(RunNotFound):
        store.get(run.id)


def test_a_runs_folder_that_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"runs folder .* cannot be written: Not a directory.*--runs-dir"):
        RunStore(tmp_path / "file" / "runs").create(line())
    assert RunStore(tmp_path / "file" / "runs").list() == []


def test_a_run_whose_data_is_gone_can_be_looked_at_but_not_gone_on_with(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    cut_at(run, 5, run.pause)
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(config | {"dataset": "gone", "dataset_options": {"path": "x"}}))
    again = RunStore(store.path).get(run.id)
    assert again.describe()["config"]["dataset"] == "gone"
    with pytest.raises(ConfigError, match="gone"):
        again.resume()
    assert again.status == "paused"
    with pytest.raises(ConfigError, match="gone"):
        again.resume()  # The first refusal has not left the run locked.


# More than one


def test_runs_at_once_give_what_each_gives_alone(store, solo, monkeypatch):
    monkeypatch.setenv("TRAINDECK_SLOTS", "3")
    runs = [store.create(digits()), store.create(digits(seed=1)), store.create(digits())]
    for run in runs:
        run.start()
    for run in runs:
        finish(run)
    assert_same(runs[0], solo)
    assert_same(runs[2], solo)
    assert runs[1].checkpoints[0].digest != solo.checkpoints[0].digest


def test_a_copied_folder_goes_on_in_another_store(store, tmp_path, solo):
    run = store.create(digits(), name="traveller")
    run.start()
    cut_at(run, 50, run.pause)
    elsewhere = RunStore(tmp_path / "elsewhere")
    shutil.copytree(run.path, elsewhere.path / run.id)
    copy = elsewhere.get(run.id)
    assert (copy.name, copy.status, copy.step) == ("traveller", "paused", run.step)
    copy.resume()
    finish(copy)
    assert_same(copy, solo)
    assert run.status == "paused"


def test_a_run_trained_in_another_process_is_left_to_it_until_that_dies(store, tmp_path):
    run = store.create(digits(epochs=ENDLESS, checkpoint_seconds=1))
    command = [sys.executable, "-m", "tests.trainer.resume_driver", str(store.path), run.id, "finish", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline().strip() == "training"
            other = RunStore(store.path).get(run.id)
            assert other.status == "running"
            for act in (other.start, other.resume, other.pause, other.stop):
                assert not act().acted
            assert "Another process" in other.pause().message
            with pytest.raises(RunBusyError):
                store.delete(run.id)
            assert other.rename("renamed elsewhere") is None
            assert child.stdout.readline().strip() == "saved"
            other.refresh()
            assert other.step > 0, "how far it came can be seen from here"
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait(20)
    assert other.status == "running"
    other.refresh()
    assert other.status == "interrupted"
    assert other.name == "renamed elsewhere"
    assert other.step == len(History.load(run.path)) > 0
    assert "without warning" in other.reason
    assert [found.id for found in RunStore(store.path).recover()] == [run.id]
    saved = list_checkpoints(run.path / "checkpoints")[0].step
    assert other.resume("interrupted").acted
    other.pause()
    finish(other)
    assert ("resume", saved) in events(other)


def test_two_stores_in_one_process_do_not_train_the_same_run(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 1)
    other = RunStore(store.path).get(run.id)
    assert other.status == "running"
    assert not other.resume().acted
    assert not other.stop().acted


# Names, folders, memory


def test_rename_is_kept_and_checked(store):
    run = store.create(line())
    run.rename("  blue heron ")
    assert RunStore(store.path).get(run.id).name == "blue heron"
    for name in ("", " ", "x" * 81, "a\nb", "a\x00b"):
        with pytest.raises(ConfigError, match="name must"):
            run.rename(name)
    run.start()
    run.rename("while it trains")
    finish(run)
    assert RunStore(store.path).get(run.id).name == "while it trains"


def test_delete_takes_the_folder_but_not_from_a_run_that_trains(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    with pytest.raises(RunBusyError, match="Stop it"):
        store.delete(run.id)
    run.stop()
    finish(run)
    store.delete(run.id)
    assert store.list() == []
    assert [path.name for path in store.path.iterdir()] == [".queue"]
    with pytest.raises(RunNotFound):
        run.resume()
    with pytest.raises(RunNotFound):
        store.delete(run.id)


def test_ids_that_are_paths_find_nothing(store, tmp_path):
    store.create(line())
    for run_id in ("", ".", "..", "../runs", str(tmp_path), "/etc", "a/b", "\0"):
        with pytest.raises(RunNotFound):
            store.get(run_id)


def test_a_damaged_run_is_one_row_that_says_so_and_hides_no_other(store):
    run = store.create(line())
    (store.path / "no-run").mkdir()
    damaged = {
        "empty": "",
        "list": "[]",
        "odd": '{"name": 1}',
        "strange": '{"name": "x", "status": "levitating", "created": 1}',
        "dateless": '{"name": "x", "status": "paused", "created": "now"}',
    }
    for name, contents in damaged.items():
        (store.path / name).mkdir()
        (store.path / name / "run.json").write_text(contents)
        found = store.get(name)
        assert (found.status, found.is_damaged, found.name) == ("interrupted", True, name)
        assert "run.json is damaged" in found.reason
        with pytest.raises(ConfigError, match=r"config\.json"):
            found.resume()
    with pytest.raises(RunNotFound):
        store.get("no-run")
    assert {found.id for found in store.list()} == {run.id, *damaged}
    store.delete("odd")
    assert "odd" not in {found.id for found in store.list()}


def test_a_run_created_long_ago_can_still_be_started(store):
    run = store.create(line())
    write_json(run.path / "run.json", read_json(run) | {"created": 1.0})
    run.refresh()
    assert run.status == "interrupted"
    assert run.start().acted
    assert finish(run).status == "completed"


def test_statuses_are_the_words_of_the_contract():
    assert set(STATUSES) == {"queued", "running", "completed", "paused", "stopped", "failed", "interrupted"}


def test_a_finished_run_gives_its_memory_back(store, monkeypatch):
    learners = []

    def build(*arguments, real=session_module.build):
        plan = real(*arguments)
        learners.append(plan.learner)
        return plan

    monkeypatch.setattr(session_module, "build", build)
    ends = [line(), diverging(epochs=2)]
    for config in ends:
        run = store.create(config)
        run.start()
        finish(run)
    assert len(learners) == len(ends)
    for learner in learners:
        assert all(np.asarray(value).size == 0 for values in learner.snapshot().values() for value in values)


def test_history_is_one_object_for_all_who_watch_and_is_forgotten_after_them(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    watched = run.history
    wait_for_step(run, 5)
    assert run.history is watched
    run.stop()
    finish(run)
    assert run.history is watched
    last = len(watched)
    del watched
    assert len(run.history) == last


def test_a_program_that_ends_while_a_run_trains_saves_it_first(store):
    run = store.create(digits(epochs=ENDLESS))
    program = f"""
from tests.trainer.watching import wait_for_step
from trainer import RunStore
run = RunStore({str(store.path)!r}).get({run.id!r})
run.start()
wait_for_step(run, 100)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    run.refresh()
    assert run.status == "interrupted"
    assert run.step == run.checkpoints[0].step >= 100


def test_a_run_on_a_program_that_served_before_has_the_bits_of_a_fresh_one(store, monkeypatch):
    from trainer.training import program_cache

    def digest_of(seed: int) -> str:
        config = RunConfig(model="mlp", model_options={"units": 16}, dataset="digits", epochs=2, seed=seed)
        run = store.create(config)
        run.start()
        assert finish(run).status == "completed", run.reason
        return run.describe()["digest"]

    monkeypatch.setattr(program_cache, "_idle", [])
    fresh = digest_of(1)
    monkeypatch.setattr(program_cache, "_idle", [])
    other = digest_of(0)
    assert digest_of(1) == fresh != other
    assert digest_of(0) == other
    assert len(program_cache._idle) == 1
