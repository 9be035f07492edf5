"""What the loop and the checkpoint ask of a learner."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from trainer.catalog.variables import free, raw
from trainer.data.splits import Split
from trainer.training.engine.replicas import OneReplica


class Learner(ABC):
    """Owns model(s) and optimizer(s) and knows one train step. The loop knows neither."""

    #: Whether the whole chunk of steps is compiled by XLA. It follows from the model alone.
    jit_compile: bool = False
    #: Whether XLA compiled any part of the steps, so that they are worth keeping for the next run.
    is_compiled: bool = False
    #: Every how many steps the gradient norm is measured; other rows hold NaN.
    grad_norm_stride: int = 1
    #: Examples per batch, except in an epoch's last one, and batches per epoch; None before the loop has set them.
    batch_size: int | None = None
    steps_per_epoch: int | None = None

    #: The devices that share each step; set by the placement while it traces a step.
    replicas: OneReplica = OneReplica()

    #: The compiled steps, once it was trained, and the compiled evaluation of a batch, once it was measured.
    program = None
    eval_program = None
    #: What that program depends on; None if no other run may use it. See `program_cache`.
    program_key: str | None = None

    @abstractmethod
    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor], step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Trains on one batch; runs inside a compiled function.

        Args:
            batch: x (batch, …) and y (batch, …).
            step: int64, counts batches from 1.

        Returns:
            float32 scalars of this batch: loss, metrics, learning_rate, grad_norm.
        """

    @abstractmethod
    def eval_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> None:
        """Adds one batch to the evaluation; runs inside a compiled function."""

    @abstractmethod
    def epoch_logs(self) -> dict[str, float]:
        """Returns means over the training batches of the epoch so far."""

    @abstractmethod
    def eval_logs(self) -> dict[str, float]:
        """Returns loss and metrics over the batches that `eval_step` saw since `reset_eval`."""

    @property
    def measures_classes(self) -> bool:
        """Whether a metric also has one value per class."""
        return False

    def eval_logs_by_class(self) -> dict[str, float]:
        """Returns the metrics that have one value per class, as "f1_setosa"; empty if there are none."""
        return {}

    @abstractmethod
    def reset_epoch(self) -> None:
        """Resets the means over the epoch."""

    @abstractmethod
    def reset_eval(self) -> None:
        """Resets the evaluation."""

    @abstractmethod
    def variables(self) -> dict[str, list]:
        """Returns the complete mutable state by part: model, optimizer, metrics."""

    @abstractmethod
    def optimizers(self) -> list[tuple[keras.optimizers.Optimizer, list]]:
        """Returns each optimizer with the variables that it trains."""

    @abstractmethod
    def log_names(self) -> list[str]:
        """Returns the keys of `train_step`'s result, in order."""

    def accept(self, split: Split) -> None:  # noqa: B027 (most learners take anything)
        """Checks data before it is trained or evaluated on, before anything is compiled.

        Raises:
            ConfigError: this learner cannot use it.
        """

    def expect(self, batch_size: int, steps_per_epoch: int) -> None:
        """Sets batch size and steps per epoch; drops a program that was compiled for others."""
        if (batch_size, steps_per_epoch) != (self.batch_size, self.steps_per_epoch):
            self.batch_size, self.steps_per_epoch, self.program = batch_size, steps_per_epoch, None

    def why_not_shared(self) -> str | None:
        """Returns why several devices cannot share its steps, as a clause, or None: it exchanges through `replicas`."""
        return "its step is written for one device"

    def predict(self, x: np.ndarray) -> np.ndarray | None:
        """Returns the model's output for raw examples, float32 (n, …); None if it is not one array.

        Call it between steps only. It changes nothing.

        Args:
            x: (n, *input_shape).
        """
        return None

    def gradients(self, batch: tuple[np.ndarray, np.ndarray]) -> list[tuple]:
        """Returns variables with the gradients of the loss on a batch, as in an evaluation: without dropout.

        Call it between steps only. It changes nothing.

        Args:
            batch: raw x (n, *input_shape) and y (n, …).
        """
        return []

    def use_average(self) -> None:
        """Replaces the weights by their moving averages, if an optimizer keeps them."""
        for optimizer, variables in self.optimizers():
            if optimizer.use_ema:
                optimizer.finalize_variable_values(variables)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Uses the averaged weights inside the block; afterwards every bit is as before."""
        held = [
            (raw(variable), raw(variable).read_value())
            for optimizer, variables in self.optimizers()
            if optimizer.use_ema
            for variable in variables
        ]
        self.use_average()
        try:
            yield
        finally:
            for variable, value in held:
                variable.assign(value)

    def scale_learning_rate(self, scale: float) -> None:
        """Sets the factor on the learning rate of config and schedule, from the next step on."""
        for optimizer, _ in self.optimizers():
            optimizer.learning_rate_scale.assign(scale)

    def set_learning_rate(self, rate: float) -> bool:
        """Sets the learning rate from the next step on; returns False if a schedule sets it."""
        optimizers = [optimizer for optimizer, _ in self.optimizers()]
        if any(callable(optimizer._learning_rate) for optimizer in optimizers):
            return False
        for optimizer in optimizers:
            optimizer.learning_rate = rate
        return True

    def snapshot(self) -> dict[str, list[tf.Tensor]]:
        """Returns the state as it is now.

        Call it between steps only. The tensors share memory with the variables until the next update
        writes to them, so this is fast, and another thread can read them safely.
        """
        return {
            part: [tf.identity(raw(v).read_value()) for v in variables] for part, variables in self.variables().items()
        }

    def release(self) -> None:
        """Frees the memory of all variables; the learner cannot be used until a state is restored.

        Compiled functions keep variables alive although no Python object refers to them.
        """
        for variables in self.variables().values():
            free(variables)
