"""SweepStudy: a sweep's Optuna study: what to try next, which runs end early, and what came out.

Optuna is imported at the first use, so that pages and commands without sweeps do not pay for it.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trainer.runs.store import new_run_id
from trainer.storage import storing
from trainer.sweeps.journal import NAME, cut_torn_record, open_journal
from trainer.sweeps.space import Dimension
from trainer.sweeps.spec import SweepSpec
from trainer.sweeps.trials import Trial

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

#: Part of what Hyperband decides, so it is the same in every sweep.
_STUDY = "sweep"
#: The pruner leaves the first runs alone, and each run's first epochs.
_FIRST_RUNS, _FIRST_EPOCHS = 5, 0.2
_OUTCOMES = {"COMPLETE": "completed", "PRUNED": "pruned", "FAIL": "failed"}


class SweepStudy:
    """The study in a sweep's folder.

    Args:
        folder: of the sweep.
        spec: its recipe.
        is_writer: whether the caller holds the sweep's lock; others only read.
    """

    def __init__(self, folder: Path, spec: SweepSpec, *, is_writer: bool = False):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._folder, self._spec, self._lock = folder, spec, threading.RLock()
        path = folder / NAME
        if is_writer:
            cut_torn_record(path)
        self._storage = open_journal(path)
        self._pruner = make_pruner(spec)
        direction = "maximize" if spec.is_maximized else "minimize"
        if is_writer:
            self._study = optuna.create_study(
                storage=self._storage, study_name=_STUDY, direction=direction, pruner=self._pruner, load_if_exists=True
            )
        else:
            self._study = optuna.load_study(storage=self._storage, study_name=_STUDY, pruner=self._pruner)

    def ask(self) -> Trial:
        """Chooses the next configuration and stores it with the id of the run that it will get, in one record.

        What is chosen depends on the seed, the number of the trial and the results so far, and on nothing in memory:
        a study that was opened again chooses the same.

        Raises:
            StorageError: the journal cannot be written.
        """
        import optuna

        with self._lock:
            known = self._study.get_trials(deepcopy=False)
            # Optuna stores a new trial before its values, one by one. Made in memory first, it is stored whole.
            draft = optuna.create_study(
                study_name=_STUDY,
                direction=self._study.direction,
                sampler=make_sampler(self._spec, len(known)),
                pruner=self._pruner,
            )
            draft.add_trials(known)
            number = draft.ask(distributions_of(self._spec)).number
            trial = draft.get_trials(deepcopy=False)[number]
            trial.user_attrs = {"run": new_run_id()}
            with storing(self._folder):
                self._study.add_trial(trial)
            return read_trial(trial)

    def report(self, number: int, epoch: int, value: float) -> None:
        """Stores the metric after an epoch; a value that is stored already stays.

        Raises:
            StorageError: the journal cannot be written.
        """
        with self._lock:
            trial = self._find(number)
            if epoch not in trial.intermediate_values:
                with storing(self._folder):
                    self._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)

    def decide(self, number: int) -> bool:
        """Returns whether the pruner ends a trial after its newest epoch; if so, it is stored."""
        with self._lock:
            trial = self._find(number)
            if not self._pruner.prune(self._study, trial):
                return False
            with storing(self._folder):
                self._storage.set_trial_user_attr(trial._trial_id, "pruned_at", trial.last_step)
            return True

    def tell(self, number: int, value: float | None = None, *, reason: str = "") -> None:
        """Stores a trial's result; one that has a result keeps it.

        Args:
            number: of the trial.
            value: of the metric; None: it was pruned, or failed.
            reason: why it failed; empty: it did not.
        """
        from optuna.trial import TrialState

        with self._lock, storing(self._folder):
            trial = self._find(number)
            if trial.state.is_finished():
                return
            if reason:
                self._storage.set_trial_user_attr(trial._trial_id, "reason", reason)
                self._study.tell(number, state=TrialState.FAIL)
            elif value is None:
                self._study.tell(number, state=TrialState.PRUNED)
            else:
                self._study.tell(number, value)

    def trials(self) -> list[Trial]:
        """Returns all trials, in order."""
        with self._lock:
            return [read_trial(trial) for trial in self._study.get_trials(deepcopy=False)]

    def importances(self) -> dict[str, float]:
        """Returns how much each varied option matters for the metric, by path; they add up to 1, the largest first.

        By PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255) over the completed runs; empty where too few completed,
        or all values are equal.
        """
        import optuna

        with self._lock:
            done = [trial for trial in self._study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
            if len({trial.value for trial in done}) < 2:
                return {}
            found = optuna.importance.get_param_importances(self._study)
        return {name: float(value) for name, value in found.items() if math.isfinite(value)}

    def _find(self, number: int) -> FrozenTrial:
        return self._study.get_trials(deepcopy=False)[number]


def read_trial(trial: FrozenTrial) -> Trial:
    """Returns a trial of Optuna as one of ours."""
    value = trial.value if trial.state.name in ("COMPLETE", "PRUNED") else None
    return Trial(
        number=trial.number,
        run_id=trial.user_attrs["run"],
        values=dict(trial.params),
        outcome=_OUTCOMES.get(trial.state.name, "open"),
        value=value,
        epochs=dict(trial.intermediate_values),
        pruned_at=trial.user_attrs.get("pruned_at"),
        reason=trial.user_attrs.get("reason", ""),
    )


def distributions_of(spec: SweepSpec) -> dict[str, BaseDistribution]:
    """Returns the dimensions as Optuna knows them, by path."""
    return {dimension.path: _distribution(dimension) for dimension in spec.dimensions}


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found = dimension.range
    if found is None:
        return CategoricalDistribution(dimension.choices)
    low, high = dimension.ends
    is_whole = dimension.variable.option.kind == "int"
    return (IntDistribution if is_whole else FloatDistribution)(low, high, log=found.log)


def make_sampler(spec: SweepSpec, number: int) -> optuna.samplers.BaseSampler:
    """Returns the sampler for one trial.

    A sampler's random state is stored nowhere, so each trial has its own, from the sweep's seed and its number. A
    grid has one order for the whole sweep.
    """
    from optuna import samplers

    if spec.sampler == "grid":
        return samplers.GridSampler({d.path: d.grid() for d in spec.dimensions}, seed=spec.seed)
    seed = int(np.random.SeedSequence([spec.seed, number]).generate_state(1)[0])
    return samplers.RandomSampler(seed) if spec.sampler == "random" else samplers.TPESampler(seed=seed)


def make_pruner(spec: SweepSpec) -> optuna.pruners.BasePruner:
    """Returns the pruner; it is asked after each epoch of a run but the last."""
    from optuna import pruners

    epochs = spec.most_epochs
    if spec.pruner == "median":
        return pruners.MedianPruner(_FIRST_RUNS, n_warmup_steps=max(2, math.ceil(epochs * _FIRST_EPOCHS)))
    if spec.pruner == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=epochs)
    return pruners.NopPruner()
