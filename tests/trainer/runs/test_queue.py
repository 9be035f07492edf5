"""The queue: as many runs train at once as there are slots, in order, over all processes and restarts."""

import contextlib
import json
import shutil
import subprocess
import sys

import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import finish, wait_for_step, wait_until
from trainer import RunConfig, RunStore
from trainer.errors import RunBusyError, RunNotFound, StorageError
from trainer.runs.queue.order import Entry, Order
from trainer.runs.queue.place import blockers


def events(run) -> list[dict]:
    path = run.path / "events.jsonl"
    return [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []


def started(run) -> float:
    """Returns when a run's first session began to train."""
    return next(event["time"] for event in events(run) if event["event"] in ("start", "resume"))


def waits(run) -> bool:
    return run.phase.startswith("Waiting")


def begin_to_wait(run):
    """Starts a run that cannot train yet, and returns it once it says why."""
    outcome = run.start()
    assert (outcome.acted, outcome.status, outcome.message) == (True, "queued", "Added to the queue.")
    wait_until(run, lambda: waits(run))
    return run


@pytest.fixture
def busy(store):
    """A run that trains until somebody stops it, in the only slot."""
    run = store.create(digits(epochs=ENDLESS), name="the first")
    run.start()
    wait_for_step(run, 1)
    return run


@contextlib.contextmanager
def process(store, *runs):
    """Starts runs in another process; yields it once the first of them trains; kills it at the end."""
    command = [sys.executable, "-m", "tests.trainer.queue_driver", str(store.path), *(run.id for run in runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline().strip() == "training"
            yield child
        finally:
            child.kill()


# Order


def test_runs_train_one_after_another_in_the_order_of_their_starts(store):
    runs = [store.create(digits(epochs=2, seed=seed)) for seed in range(3)]
    for run in runs:
        assert run.start().acted
    assert [run.id for run in store.queue()] == [run.id for run in runs[1:]]
    for run in runs:
        assert finish(run).status == "completed", run.reason
    ends = [events(run)[-1]["time"] for run in runs]
    assert all(before <= started(run) for before, run in zip(ends, runs[1:], strict=False))
    assert store.queue() == []


def test_a_waiting_run_says_why(store, busy):
    second, third = (begin_to_wait(store.create(line())) for _ in range(2))
    assert second.phase == "Waiting: the first is training on CPU:0"
    assert third.phase == "Waiting: 2 runs are before it"
    elsewhere = RunStore(store.path)
    assert elsewhere.get(third.id).phase == "Waiting: 2 runs are before it", "another process says it too"
    assert [run.phase for run in elsewhere.queue()] == [second.phase, third.phase]
    phases = {state.id: state.phase for state in RunStore(store.path).states()}
    assert phases[second.id] == second.phase
    busy.stop()
    for run in (second, third):
        assert finish(run).status == "completed"
        assert run.phase == ""


def test_a_run_with_a_free_slot_never_waits(store):
    run, phases = store.create(line()), []
    leave = run.history.subscribe(lambda: phases.append(run.phase))
    assert run.start().message == "Started."
    assert not run.is_waiting
    finish(run)
    leave()
    assert run.status == "completed"
    assert not any(phase.startswith("Waiting") for phase in phases)
    assert not (store.path / ".queue" / "order.json").exists()


def test_a_moved_run_trains_first(store, busy):
    second, third = (begin_to_wait(store.create(line())) for _ in range(2))
    outcome = RunStore(store.path).move(third.id, 0)
    assert (outcome.acted, outcome.status) == (True, "queued")
    assert [run.id for run in store.queue()] == [third.id, second.id]
    assert store.move(third.id, 99).acted
    assert [run.id for run in store.queue()] == [second.id, third.id]
    assert store.move(third.id, 0).acted
    refused = store.move(busy.id, 0)
    assert not refused.acted
    assert "it is running" in refused.message
    with pytest.raises(RunNotFound):
        store.move("no such run", 0)
    busy.stop()
    for run in (second, third):
        finish(run)
    assert started(third) < started(second)


# Cancelling


@pytest.mark.parametrize(("act", "status"), [("stop", "stopped"), ("pause", "paused")])
def test_a_waiting_run_that_is_cancelled_never_trains(store, busy, act, status):
    second, third = (begin_to_wait(store.create(line())) for _ in range(2))
    assert getattr(second, act)("queued").acted
    finish(second)
    assert (second.status, second.step, second.phase) == (status, 0, "")
    assert "while it waited" in second.reason
    assert [event["event"] for event in events(second)] == [status]
    assert [run.id for run in store.queue()] == [third.id]
    busy.stop()
    assert finish(third).status == "completed"
    assert second.resume().acted
    assert finish(second).status == "completed"


@pytest.mark.parametrize(("act", "status"), [("stop", "stopped"), ("pause", "paused")])
def test_a_run_that_waits_elsewhere_can_be_cancelled_from_here(store, busy, act, status):
    run = begin_to_wait(store.create(line()))
    elsewhere = RunStore(store.path).get(run.id)
    assert "waits in another process" in elsewhere.set_epochs(5).message
    assert getattr(elsewhere, act)("queued").acted
    finish(run)
    elsewhere.refresh()
    assert (run.status, elsewhere.status, run.step) == (status, status, 0)


def test_a_live_run_is_stopped_and_deleted_in_one_go(store, busy):
    waiting = begin_to_wait(store.create(line()))
    elsewhere = RunStore(store.path)
    for run in (waiting, busy):
        with pytest.raises(RunBusyError, match="Stop it before you delete it"):
            store.delete(run.id)
    with pytest.raises(RunBusyError, match="is running"):
        elsewhere.delete(busy.id, stop=True)
    elsewhere.delete(waiting.id, stop=True)
    store.delete(busy.id, stop=True)
    assert store.states() == []
    never_started = store.create(line())
    store.delete(never_started.id, stop=True)
    assert store.list() == []


# Restarts and other processes


def test_an_interrupted_queue_goes_on_in_order_with_its_settings(store, busy, tmp_path):
    longer = store.create(line())
    busy.stop()
    finish(busy)
    longer.start()
    finish(longer)
    busy.resume()
    wait_for_step(busy, busy.step + 1)
    assert longer.resume(epochs=4).acted
    assert longer.set_learning_rate(0.05).acted
    last = begin_to_wait(store.create(line()))
    assert store.close(60)
    assert [run.status for run in (busy, longer, last)] == ["interrupted", "queued", "queued"]
    assert longer.ended is None
    after = RunStore(store.path)
    assert [run.id for run in after.queue()] == [longer.id, last.id]
    assert after.queue()[0].phase == "Waiting: the process that held it has ended"
    assert [run.id for run in after.recover()] == [busy.id]
    longer, last = after.get(longer.id), after.get(last.id)
    for run in (longer, last):
        assert finish(run).status == "completed"
    assert longer.epoch == 4
    assert longer.current_config.optimizer_options["learning_rate"] == 0.05
    assert started(longer) < started(last)
    assert after.get(busy.id).status == "interrupted"


def test_two_processes_share_one_slot(store):
    theirs, ours = store.create(digits(epochs=ENDLESS), name="theirs"), store.create(line())
    with process(store, theirs):
        begin_to_wait(ours)
        assert ours.phase == "Waiting: theirs is training on CPU:0"
        assert len(ours.history) == 0
    # The process is dead, so its slot is free.
    assert finish(ours).status == "completed"
    assert store.get(theirs.id).status == "interrupted"


def test_the_queue_of_a_killed_process_is_intact_and_blocks_nobody(store):
    runs = [store.create(digits(epochs=ENDLESS)), *(store.create(line()) for _ in range(3))]
    with process(store, *runs):
        assert [run.id for run in store.queue()] == [run.id for run in runs[1:]]
        assert store.move(runs[3].id, 0).acted
        # While the process lives, it holds them.
        assert not store.get(runs[1].id).start().acted
    ours = store.create(line())
    assert ours.start().acted
    assert finish(ours).status == "completed"
    again = RunStore(store.path)
    assert [run.id for run in again.queue()] == [runs[n].id for n in (3, 1, 2)]
    # One is cancelled although no process holds it.
    assert again.get(runs[1].id).stop().acted
    assert [run.id for run in again.recover()] == [runs[0].id]
    for number in (3, 2):
        assert finish(again.get(runs[number].id)).status == "completed"
    assert started(runs[3]) < started(runs[2])
    assert (again.get(runs[1].id).status, again.queue()) == ("stopped", [])
    assert again.close(60)


def test_a_queued_run_that_cannot_train_any_more_fails_at_the_restart(store, busy):
    run, last = (begin_to_wait(store.create(line())) for _ in range(2))
    assert store.close(60)
    fields = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(fields | {"model": "gone"}))
    after = RunStore(store.path)
    after.recover()
    assert finish(after.get(last.id)).status == "completed"
    assert after.get(run.id).status == "failed"
    assert "gone" in after.get(run.id).reason


def test_a_cancellation_that_a_dead_process_did_not_read_holds_after_the_restart(store, busy):
    cancelled, started_again = (begin_to_wait(store.create(line())) for _ in range(2))
    assert store.close(60)
    for run in (cancelled, started_again):
        assert Order(store.path).update(run.id, ending="pause")
    after = RunStore(store.path)
    assert after.get(started_again.id).start().acted, "whoever starts it has changed their mind"
    assert finish(after.get(started_again.id)).status == "completed"
    after.recover()
    assert (after.get(cancelled.id).status, after.queue()) == ("paused", [])


# Damage


def test_what_is_damaged_in_the_order_blocks_nobody(store, busy):
    run = begin_to_wait(store.create(line()))
    order = store.path / ".queue" / "order.json"
    [mine] = json.loads(order.read_text())["runs"]
    other = [mine | {"id": name} for name in ("deleted", "../outside", "", busy.id)]
    order.write_text(json.dumps({"runs": [*other, {"id": 3}, None, mine, mine]}))
    assert [waiting.id for waiting in store.queue()] == [run.id]
    order.write_bytes(b"\xff{")
    last = begin_to_wait(store.create(line()))
    busy.stop()
    for waiting in (run, last):
        assert finish(waiting).status == "completed"


def test_a_queue_that_cannot_be_written_is_a_sentence_and_changes_nothing(store):
    run = store.create(line())
    run.start()
    finish(run)
    shutil.rmtree(store.path / ".queue")
    (store.path / ".queue").write_text("not a folder")
    with pytest.raises(StorageError, match="cannot be written"):
        run.resume(epochs=5)
    assert (run.status, RunStore(store.path).get(run.id).status) == ("completed", "completed")
    (store.path / ".queue").unlink()
    assert run.resume(epochs=5).acted
    assert (finish(run).status, run.epoch) == ("completed", 5)


def test_a_run_waits_only_for_those_of_its_device(store, busy):
    waiting = begin_to_wait(store.create(line()))
    order = Order(store.path)
    with order.changing() as entries:
        entries += [Entry(id="of the processor", device="CPU:0"), Entry(id="of the card", device="GPU:0")]
    assert [entry.id for entry in blockers(order, order.find("of the processor"))] == [waiting.id]
    assert blockers(order, order.find("of the card")) == []
    order.move(waiting.id, 1)
    assert [entry.id for entry in order.read()] == [waiting.id], "what does not exist has no place"


# Slots


def test_two_slots_train_two_runs_at_once_with_the_digests_they_have_alone(store, monkeypatch):
    cnn = RunConfig(model="cnn", dataset="digits", model_options={"filters": 4, "dropout": 0.2}, epochs=2)
    recipes = [digits(epochs=20), cnn]
    alone = [store.create(recipe) for recipe in recipes]
    for run in alone:
        run.start()
    for run in alone:
        finish(run)
    monkeypatch.setenv("TRAINDECK_SLOTS", "2")
    # The first goes on until the second has trained beside it.
    endless, beside, third = store.create(digits(epochs=ENDLESS)), store.create(cnn), store.create(line())
    endless.start()
    wait_for_step(endless, 1)
    beside.start()
    assert third.start().message == "Added to the queue."
    wait_for_step(beside, 1)
    assert (endless.status, beside.status) == ("running", "running")
    assert finish(beside).checkpoints[0].digest == alone[1].checkpoints[0].digest
    endless.stop()
    for run in (endless, third):
        finish(run)
    pair = [store.create(recipe) for recipe in recipes]
    for run in pair:
        assert run.start().message == "Started."
    for run, solo in zip(pair, alone, strict=True):
        assert finish(run).checkpoints[0].digest == solo.checkpoints[0].digest
    assert started(pair[1]) < events(pair[0])[-1]["time"], "both trained at once"
