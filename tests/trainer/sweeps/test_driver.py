"""A sweep's bookkeeping: sampling, pruning, faults, kill and continue; nothing is trained."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.trainer.sweeps.fakes import EPOCHS, FakeBackend, accuracy, fake_spec
from trainer import RunStore
from trainer.errors import CheckpointError, ClusterError, ConfigError, RunBusyError, RunNotFound
from trainer.sweeps.journal import NAME as JOURNAL
from trainer.sweeps.sweeps import Sweeps


class Place:
    """A folder of runs with its sweeps, as one process sees it."""

    def __init__(self, path: Path, backend: FakeBackend | None = None):
        self.backend = backend or FakeBackend()
        self.store = RunStore(path, backend=self.backend)
        self.sweeps = Sweeps(self.store)

    def run(self, **fields):
        sweep = self.sweeps.create(fake_spec(**fields), "calm-otter")
        assert sweep.start().acted
        assert sweep.wait(60)
        return sweep

    def close(self):
        assert self.sweeps.close(60)
        assert self.store.close(60)


@pytest.fixture
def place(tmp_path):
    opened = Place(tmp_path / "runs")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep of 12 runs that was never interrupted."""
    opened = Place(tmp_path_factory.mktemp("swept") / "runs")
    yield opened, opened.run()
    opened.close()


def results(sweep) -> list[tuple]:
    return [(trial.values, trial.outcome, trial.value, trial.pruned_at) for trial in sweep.trials()]


def test_every_run_is_an_ordinary_run_that_names_its_sweep(swept):
    place, sweep = swept
    assert (sweep.status, sweep.reason) == ("completed", "")
    states = {state.id: state for state in place.store.states()}
    trials = sweep.trials()
    assert len(trials) == len({trial.run_id for trial in trials}) == len(states) == 12
    for trial in trials:
        state = states[trial.run_id]
        assert (state.sweep, state.tags, state.parent) == (sweep.id, ["calm-otter"], None)
        assert state.name == f"calm-otter-{trial.label}"
        run = place.store.get(trial.run_id)
        assert run.describe()["sweep"] == sweep.id
        config = run.config
        assert config.optimizer_options["learning_rate"] == trial.values["optimizer_options.learning_rate"]
        assert config.best_by == "val_accuracy"


def test_each_outcome_says_how_its_run_ended(swept):
    place, sweep = swept
    found = Counter(trial.outcome for trial in sweep.trials())
    assert set(found) == {"completed", "pruned", "failed"}
    for trial in sweep.trials():
        run = place.store.get(trial.run_id)
        if trial.outcome == "completed":
            assert run.status == "completed"
            assert trial.value == pytest.approx(accuracy(run.config, EPOCHS))
        elif trial.outcome == "failed":
            assert run.status == "failed"
            assert "smaller learning rate" in trial.reason
        else:
            assert run.status == "stopped"
            assert run.reason.startswith(f"Pruned by its sweep after epoch {trial.pruned_at}")
            # Exactly there: no later epoch was trained, however quick the run is.
            assert len(run.history.epochs) == trial.pruned_at < EPOCHS


def test_the_best_is_the_best_completed_run(swept):
    _, sweep = swept
    assert sweep.best().value == max(trial.value for trial in sweep.trials() if trial.outcome == "completed")
    importances = sweep.importances()
    # The formula ignores it.
    assert list(importances)[-1] == "model_options.activation"
    assert sum(importances.values()) == pytest.approx(1)


def test_the_same_seed_gives_the_same_sweep_and_another_seed_another(swept, place):
    _, sweep = swept
    assert results(place.run()) == results(sweep)
    other = place.run(seed=1, runs=2)
    assert results(other) != results(sweep)[:2]


@pytest.mark.parametrize("ending", ["pause", "stop", "interrupt"])
def test_a_sweep_that_ended_anywhere_continues_as_if_it_had_not(swept, tmp_path, ending):
    _, uninterrupted = swept
    first = Place(tmp_path / "runs", FakeBackend(hold=(3, 5)))
    sweep = first.sweeps.create(fake_spec(), "calm-otter")
    sweep.start()
    assert first.backend.is_held.wait(60)
    assert getattr(sweep, ending)().acted
    assert sweep.wait(60)
    assert sweep.status == {"pause": "paused", "stop": "stopped", "interrupt": "interrupted"}[ending]
    assert len(sweep.trials()) == 6
    first.close()
    second = Place(tmp_path / "runs")
    if ending == "interrupt":
        [again] = second.sweeps.recover()
    else:
        assert second.sweeps.recover() == []
        again = second.sweeps.get(sweep.id)
        assert again.resume(again.status).acted
    assert again.wait(60)
    assert results(again) == results(uninterrupted)
    assert len(second.store.list()) == 12
    second.close()


def killed(place: Place, path: Path) -> Path:
    """Returns a copy of the runs as a kill would leave them now, with the end of a record that was being written."""
    copy = shutil.copytree(place.store.path, path, ignore=shutil.ignore_patterns("lock", "*.lock"))
    journal = next((copy / ".sweeps").glob(f"*/{JOURNAL}"))
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 5, "work')
    return copy


def test_a_killed_sweep_has_every_result_once(swept, tmp_path):
    _, uninterrupted = swept
    first = Place(tmp_path / "runs", FakeBackend(hold=(3, 5)))
    first.sweeps.create(fake_spec(), "calm-otter").start()
    assert first.backend.is_held.wait(60)
    copy = killed(first, tmp_path / "copy")
    first.close()
    # It was killed between storing what to try and making the run.
    run_id = Sweeps(first.store).list()[0].trials()[-1].run_id
    shutil.rmtree(copy / run_id)
    second = Place(copy)
    assert second.sweeps.list()[0].status == "interrupted"
    [sweep] = second.sweeps.recover()
    assert sweep.wait(60)
    assert results(sweep) == results(uninterrupted)
    assert len(second.store.list()) == 12
    assert sweep.trials()[5].run_id == run_id
    second.close()


def test_two_at_once_give_as_many_results(place, monkeypatch):
    monkeypatch.setenv("TRAINDECK_SLOTS", "2")
    sweep = place.run(at_once=2, sampler="random", pruner="hyperband")
    assert len({str(trial.values) for trial in sweep.trials()}) == 12
    assert "open" not in {trial.outcome for trial in sweep.trials()}


def test_a_grid_tries_each_point_once(place):
    space = {"learning_rate": [0.001, 0.01], "units": {"low": 16, "high": 64, "points": 3}}
    sweep = place.run(space=space, sampler="grid", pruner="none", runs=None)
    points = {tuple(trial.values.values()) for trial in sweep.trials()}
    assert points == {(rate, units) for rate in (0.001, 0.01) for units in (16, 32, 64)}
    assert len(sweep.trials()) == 6


def test_what_a_person_does_to_one_run_is_a_result_or_a_wait(tmp_path):
    place = Place(tmp_path / "runs", FakeBackend(hold=(2, 0)))
    sweep = place.sweeps.create(fake_spec(runs=2, space={"units": {}}))
    sweep.start()
    assert place.backend.is_held.wait(60)
    run = place.store.get(sweep.trials()[0].run_id)
    run.stop()
    assert sweep.wait(60)
    assert [(trial.outcome, trial.value is None) for trial in sweep.trials()] == [
        ("failed", True),
        ("completed", False),
    ]
    assert "Stopped by the user" in sweep.trials()[0].reason
    place.close()


def test_a_sweep_for_the_cluster_asks_the_cluster_for_each_run(place, monkeypatch):
    def refuse(device):
        raise ClusterError(f"No node has a {device[:3]}.")

    monkeypatch.setattr("trainer.runs.store.check_cluster", refuse)
    sweep = place.sweeps.create(fake_spec(runs=2), where="cluster")
    assert sweep.start().acted
    assert sweep.wait(60)
    assert sweep.state.where == "cluster"
    assert [trial.reason for trial in sweep.trials()] == ["No node has a CPU."] * 2


def test_a_configuration_that_cannot_be_trained_fails_and_the_sweep_goes_on(place, monkeypatch):
    create = place.store.create

    def refuse_large(config, *arguments, **named):
        if config.model_options["units"] > 100:
            raise ConfigError("model mlp must fit into the free memory.")
        return create(config, *arguments, **named)

    monkeypatch.setattr(place.store, "create", refuse_large)
    sweep = place.run(space={"units": [64, 128]}, sampler="grid")
    assert sweep.status == "completed"
    assert Counter(trial.outcome for trial in sweep.trials()) == {"completed": 1, "failed": 1}


def test_a_command_says_why_it_does_nothing(swept):
    _, sweep = swept
    assert sweep.pause().message == "Nothing to pause: this sweep is completed."
    assert not sweep.resume().acted
    assert sweep.stop("running").message == "Nothing was done: this sweep is no longer running, it is completed."


def test_another_process_reads_and_cannot_command(tmp_path):
    place = Place(tmp_path / "runs", FakeBackend(hold=(2, 0)))
    sweep = place.sweeps.create(fake_spec(runs=2, space={"units": {}}))
    sweep.start()
    assert place.backend.is_held.wait(60)
    elsewhere = Sweeps(RunStore(place.store.path)).get(sweep.id)
    assert (elsewhere.status, len(elsewhere.trials())) == ("running", 1)
    assert "Another process" in elsewhere.pause().message
    with pytest.raises(RunBusyError):
        elsewhere.start()
    with pytest.raises(RunBusyError):
        place.sweeps.delete(sweep.id)
    place.close()


def test_a_damaged_study_is_one_sentence(swept, tmp_path):
    place, sweep = swept
    copy = shutil.copytree(place.store.path, tmp_path / "copy", ignore=shutil.ignore_patterns("*lock"))
    journal = copy / ".sweeps" / sweep.id / JOURNAL
    journal.write_bytes(b"\0" + journal.read_bytes()[5:])
    damaged = Sweeps(RunStore(copy)).get(sweep.id)
    with pytest.raises(CheckpointError, match="is damaged"):
        damaged.trials()
    (journal.parent / "sweep.json").write_text("{")
    with pytest.raises(RunNotFound):
        Sweeps(RunStore(copy)).get(sweep.id)
    assert Sweeps(RunStore(copy)).list() == []


def test_deleting_a_sweep_keeps_its_runs_unless_they_are_named(place):
    first, second = (place.run(runs=2, seed=seed) for seed in (0, 1))
    kept = {trial.run_id for trial in first.trials()}
    place.sweeps.delete(first.id)
    place.sweeps.delete(second.id, with_runs=True)
    assert place.sweeps.list() == []
    assert {run.id for run in place.store.list()} == kept
