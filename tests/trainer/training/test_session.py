"""A session is a generator: state and commands in, events out; no thread and no file."""

import pytest

from tests.trainer.process_backend import in_a_process
from tests.trainer.recipes import digits, line
from tests.trainer.watching import cut_at, finish
from trainer import RunStore
from trainer.errors import DivergenceError
from trainer.training.learner_state import digest_of, state_arrays
from trainer.training.sessions.commands import Commands, Pause, Scheduled, SetEpochs, SetLearningRate, Stop
from trainer.training.sessions.events import Commanded, Ended, EpochEnd, Rows, Snapshot, Started
from trainer.training.sessions.session import SessionState, session


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def last_state(events):
    return state_arrays(of(Snapshot, events)[-1].state)


def drive(config, commands, at, command, state=None):
    """Returns the events of a session that is given a command once it has made a step."""
    events = []
    for event in session(config, state, commands):
        events.append(event)
        if isinstance(event, Rows) and event.step >= at and command is not None:
            commands.give(command)
            command = None
    return events


def test_a_session_tells_its_story_in_order_without_threads_or_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    events = list(session(line(), None, Commands()))
    started, rows, epochs = of(Started, events)[0], of(Rows, events), of(EpochEnd, events)
    assert (started.step, started.steps_per_epoch, started.epochs) == (0, 8, 3)
    assert [step for part in rows for step in part.columns["step"]] == list(range(1, 25))
    assert [end.row["epoch"] for end in epochs] == [1, 2, 3]
    assert of(Snapshot, events)[-1].purpose == "final"
    assert isinstance(events[-1], Ended)
    assert events[-1].outcome == "completed"
    assert list(tmp_path.iterdir()) == []


def test_a_session_goes_on_from_the_state_it_was_told(monkeypatch):
    whole = list(session(digits(), None, Commands()))
    first = drive(digits(), Commands(), 20, Pause())
    snapshot = of(Snapshot, first)[-1]
    assert first[-1].outcome == "pause"
    assert not of(EpochEnd, first)
    state = SessionState(snapshot.step, state_arrays(snapshot.state))
    second = list(session(digits(), state, Commands()))
    assert of(Rows, second)[0].columns["step"][0] == snapshot.step + 1
    assert digest_of(last_state(second)) == digest_of(last_state(whole))


def test_a_setting_is_told_with_its_step_before_any_later_row():
    commands = Commands()
    events = drive(digits(epochs=2), commands, 10, SetLearningRate(learning_rate=0.01))
    told = next(i for i, event in enumerate(events) if isinstance(event, Commanded))
    before, after = of(Rows, events[:told])[-1], of(Rows, events[told:])[0]
    assert events[told].step == before.step
    assert before.columns["learning_rate"][-1] == pytest.approx(0.001)
    assert after.columns["learning_rate"][0] == pytest.approx(0.01)


@pytest.mark.parametrize("fields", [{}, {"schedule": "cosine"}, {"gradient_accumulation_steps": 2}], ids=str)
def test_replayed_settings_land_on_their_steps(fields):
    config = digits(epochs=2, **fields)
    first = drive(config, Commands(), 10, SetLearningRate(learning_rate=0.01))
    settings = tuple(Scheduled(event.step, event.command) for event in of(Commanded, first))
    again = list(session(config, SessionState(settings=settings), Commands()))
    assert digest_of(last_state(again)) == digest_of(last_state(first))
    plain = list(session(config, None, Commands()))
    assert digest_of(last_state(plain)) != digest_of(last_state(first))


def test_more_epochs_set_on_the_way_are_those_of_a_longer_run():
    longer = drive(digits(epochs=1), Commands(), 10, SetEpochs(epochs=2))
    assert digest_of(last_state(longer)) == digest_of(last_state(list(session(digits(epochs=2), None, Commands()))))
    assert of(Commanded, longer)[0].epochs == 2


def test_a_command_given_first_ends_the_session_before_a_step():
    commands = Commands()
    assert commands.give(Stop())
    assert not commands.give(Pause())
    events = list(session(line(), None, commands))
    assert events[-1].outcome == "stop"
    assert not of(Rows, events)


def test_divergence_is_raised_after_the_last_good_row():
    config = line(dataset="diabetes", dataset_options={}, optimizer="sgd", optimizer_options={"learning_rate": 100.0})
    events = []
    with pytest.raises(DivergenceError, match="step"):
        events.extend(session(config, None, Commands()))
    assert not of(Ended, events)


def test_a_backend_in_another_process_gives_the_same_digest(tmp_path):
    here, there = RunStore(tmp_path / "here"), RunStore(tmp_path / "there", in_a_process)
    runs = [here.create(digits()), there.create(digits())]
    for run in runs:
        run.start()
    finish(runs[0])
    cut_at(runs[1], 20, runs[1].pause)
    assert runs[1].status == "paused"
    assert runs[1].step < runs[0].step
    runs[1].resume()
    finish(runs[1])
    assert (runs[1].status, runs[1].reason) == ("completed", "")
    assert runs[1].checkpoints[0].digest == runs[0].checkpoints[0].digest
    assert runs[1].metrics["last"]["val_loss"] == runs[0].metrics["last"]["val_loss"]
