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


class Learner(ABC):
    """Owns model(s) and optimizer(s) and knows one train step. The loop knows neither."""

    #: Whether the whole chunk of steps is compiled by XLA. It follows from the model alone.
    jit_compile: bool = False
    #: Whether XLA compiled any part of the steps, which then is worth keeping for the next run.
    is_compiled: bool = False
    #: Every how many steps the gradient norm is measured; other rows hold NaN.
    grad_norm_stride: int = 1
    #: A few raw examples (n, *input_shape) for `samples`, from the validation split where there is one.
    examples: np.ndarray | None = None

    #: Examples in every batch but an epoch's last, and batches in an epoch; None before the loop has set them.
    batch_size: int | None = None
    steps_per_epoch: int | None = None

    #: The compiled steps, once it was trained.
    program = None
    #: What that program depends on, if it may serve another run.
    recipe: str | None = None

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
        """Returns what `eval_step` gathered since `reset_eval`."""

    @property
    def measures_classes(self) -> bool:
        """Whether something is measured of each class."""
        return False

    def eval_logs_by_class(self) -> dict[str, float]:
        """Returns what `eval_step` gathered of each class, as "f1_setosa"; empty where nothing is measured so."""
        return {}

    @abstractmethod
    def reset_epoch(self) -> None:
        """Begins a new epoch's means."""

    @abstractmethod
    def reset_eval(self) -> None:
        """Begins a new evaluation."""

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
        """Looks at data before it is trained or evaluated on, before anything is compiled.

        Raises:
            ConfigError: this learner cannot use it.
        """

    def expect(self, batch_size: int, steps_per_epoch: int) -> None:
        """Sets how an epoch is divided into batches; steps compiled for another division are dropped."""
        if (batch_size, steps_per_epoch) != (self.batch_size, self.steps_per_epoch):
            self.batch_size, self.steps_per_epoch, self.program = batch_size, steps_per_epoch, None

    def samples(self) -> np.ndarray | None:
        """Returns what the model makes as one image for people, uint8 (height, width[, 3]), or None if there is none.

        Between steps only. It changes nothing.
        """
        return None

    def use_average(self) -> None:
        """Puts the moving averages of the weights in their place, where an optimizer keeps them."""
        for optimizer, variables in self.optimizers():
            if optimizer.use_ema:
                optimizer.finalize_variable_values(variables)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Has the averaged weights in place for as long as the block lasts; afterwards every bit is as before."""
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
        """Multiplies the learning rate that config and schedule give by `scale`, from the next step on."""
        for optimizer, _ in self.optimizers():
            optimizer.learning_rate_scale.assign(scale)

    def set_learning_rate(self, rate: float) -> bool:
        """Sets the learning rate from the next step on; returns False where a schedule gives it instead."""
        optimizers = [optimizer for optimizer, _ in self.optimizers()]
        if any(callable(optimizer._learning_rate) for optimizer in optimizers):
            return False
        for optimizer in optimizers:
            optimizer.learning_rate = rate
        return True

    def snapshot(self) -> dict[str, list[tf.Tensor]]:
        """Returns the state as it is now.

        Between steps only. The tensors share memory with the variables until the next update
        writes to them, so this is quick, and what another thread does with them is safe.
        """
        return {
            part: [tf.identity(raw(v).read_value()) for v in variables] for part, variables in self.variables().items()
        }

    def release(self) -> None:
        """Gives the memory of all variables back; the learner cannot be used afterwards.

        Compiled functions keep variables alive although no Python object refers to them.
        """
        for variables in self.variables().values():
            free(variables)


def own(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns an optimizer as a learner wants it: without the sum over replicas where there is one alone.

    Keras sums by a custom gradient, and TensorFlow registers each custom gradient for good, together
    with the whole traced step: 10 MB that no run would give back.
    """
    if not tf.distribute.has_strategy():
        optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: gradients_and_variables
    return optimizer
