"""What a program is written about: one run, its data and what was set while it trained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trainer.config.arithmetic import ARITHMETIC, arithmetic_of
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import LOSSES, MODELS
from trainer.config.run_config import RunConfig
from trainer.errors import ExportError
from trainer.runs.event_log import read_settings
from trainer.training.build import build_learner
from trainer.training.sessions.commands import Scheduled, SetEpochs, SetLearningRate, with_settings


@dataclass(frozen=True)
class Subject:
    """A run as the program repeats it.

    Attributes:
        name: of the run.
        config: the recipe, as the run was created.
        spec: the data as it was measured when the run began.
        settings: epochs and learning rates that were set while it trained.
        arithmetic: the one that the run began with; see `trainer.config.arithmetic`.
    """

    name: str
    config: RunConfig
    spec: DataSpec
    settings: tuple[Scheduled, ...] = ()
    arithmetic: int = ARITHMETIC

    @cached_property
    def goal(self) -> DataSpec:
        """The data as the model sees it, with the model's own task."""
        return seen_by(MODELS[self.config.model], self.spec)

    @cached_property
    def head(self) -> str:
        """The activation of the model's last layer."""
        return LOSSES[self.config.loss].traits.head

    @property
    def is_table(self) -> bool:
        """Whether the examples are rows of a table with columns to encode."""
        return bool(self.spec.columns)

    @property
    def is_validated(self) -> bool:
        """Whether there is a validation split."""
        return bool(self.config.validation_split)

    @property
    def is_binary(self) -> bool:
        """Whether one sigmoid predicts the probability of class 1."""
        return self.goal.task == "classification" and self.head == "sigmoid"

    @property
    def scales_target(self) -> bool:
        """Whether the model predicts in the target's own units, and the loss is in standard deviations."""
        return self.goal.task == "regression" and (self.spec.standardize or self.spec.standardize_target)

    @property
    def steps_per_epoch(self) -> int:
        """Batches per epoch."""
        return self.config.count_steps(self.spec)

    @property
    def epochs(self) -> int:
        """The number of epochs in total, as it was set last."""
        return self.at(10**18).epochs

    def at(self, step: int) -> RunConfig:
        """Returns the recipe in force after `step` updates."""
        return with_settings(self.config, self.settings, step)

    @cached_property
    def changes(self) -> list[int]:
        """The steps after which the learning rate, or what its schedule depends on, was changed."""
        kinds = (SetLearningRate, SetEpochs) if self.config.schedule else (SetLearningRate,)
        return sorted({s.step for s in self.settings if isinstance(s.command, kinds) and self._changes(s.step)} - {0})

    def _changes(self, step: int) -> bool:
        before, after = self.at(step - 1), self.at(step)
        return (before.epochs, before.optimizer_options) != (after.epochs, after.optimizer_options)

    @cached_property
    def plain_spec(self) -> DataSpec:
        """The data after the program has scaled and encoded it, so that the model needs no layers for that."""
        if not self.spec.standardize:
            return self.spec
        shape = (self.spec.features,) if self.is_table else self.spec.input_shape
        return dataclasses.replace(
            self.spec, columns=(), standardize=False, mean=(), variance=(), input_shape=shape, baselines={}
        )

    def build(self) -> Any:
        """Returns a new learner, whose model takes the data as the program prepares it."""
        return build_learner(self.config, self.plain_spec, arithmetic=self.arithmetic)


def subject_of(run) -> Subject:
    """Returns what a run's program is written about.

    Raises:
        ExportError: the run has not loaded its data yet.
    """
    if run.spec is None:
        raise ExportError(
            "The code cannot be written before the run has loaded its data, because it says how the data is scaled. "
            "Start the run first."
        )
    return Subject(run.name, run.config, run.spec, read_settings(run.path), arithmetic_of(run.fingerprint, run.step))
