"""One model's update: gradients are averaged over batches, limited, and applied at the step's learning rate."""

from __future__ import annotations

import types

import keras
import tensorflow as tf

from trainer.training.learners.compilation import compiled_update
from trainer.training.learners.gradients import GradientRules


class ScheduleByStep(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose position is the training step, not the optimizer's count of updates.

    The optimizer's count goes back when an earlier state is reloaded, and skips accumulated batches.

    Args:
        schedule: a Keras schedule.
    """

    def __init__(self, schedule: keras.optimizers.schedules.LearningRateSchedule):
        self._schedule = schedule
        # Assigned before each use, so it is not part of the state.
        self.position = tf.Variable(0, trainable=False, dtype=tf.int64)

    def __call__(self, step):
        """Returns the learning rate at `position`, float32."""
        return self._schedule(self.position.read_value())


class Update:
    """Applies gradients to variables by an optimizer.

    With gradient accumulation, the mean gradient over the examples of several batches is limited and
    applied once: 4 batches of 8 equal one batch of 32. An epoch's last batch applies the rest.

    Args:
        optimizer: not built yet; its own `gradient_accumulation_steps` and schedule are used.
        variables: what it trains.
        rules: limits on the gradients.
        may_compile: whether to compile the update by XLA where that is faster.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, variables: list, rules: GradientRules, *, may_compile: bool = False
    ):
        self.optimizer, self._variables, self._rules = on_its_own(optimizer), variables, rules
        optimizer.build(variables)
        self.accumulated_batches = getattr(optimizer, "gradient_accumulation_steps", None) or 1
        if self.accumulated_batches > 1:
            # Keras would clip, decay and average weights at each batch, and drop the rest at an epoch's end.
            optimizer.gradient_accumulation_steps = None
            self._sums = optimizer._accumulated_gradients
        schedule = getattr(optimizer, "_learning_rate", None)
        self._schedule = None
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            self._schedule = optimizer.learning_rate = ScheduleByStep(schedule)
        self._compiled = compiled_update(optimizer, variables) if may_compile else None

    @property
    def is_compiled(self) -> bool:
        """Whether XLA compiles the update."""
        return self._compiled is not None

    def __call__(
        self,
        gradients: list[tf.Tensor],
        step: tf.Tensor,
        examples: tf.Tensor,
        *,
        norm: tf.Tensor | None = None,
        batch_size: int | None = None,
        steps_per_epoch: int | None = None,
    ) -> tf.Tensor:
        """Takes one batch's gradients; runs inside a compiled function.

        Args:
            gradients: one per variable.
            step: int64, counts batches from 1.
            examples: how many the batch has, a scalar.
            norm: of the gradients, if it is known.
            batch_size: of every batch but an epoch's last; None: this batch's.
            steps_per_epoch: batches per epoch; None: epochs never end.

        Returns:
            The learning rate, float32.
        """
        if self.accumulated_batches == 1:
            rate = self._learning_rate(step - 1)
            self._apply(self._rules.limit(gradients, norm))
            return rate
        position = step - 1 if steps_per_epoch is None else (step - 1) % steps_per_epoch
        held = position % self.accumulated_batches
        rate = self._learning_rate(step - 1 - held)
        is_last = held == self.accumulated_batches - 1
        if steps_per_epoch is not None:
            is_last |= position == steps_per_epoch - 1
        weight = 1.0 if batch_size is None else tf.cast(examples, tf.float32) / batch_size
        sums = [
            total + tf.convert_to_tensor(gradient) * tf.cast(weight, total.dtype)
            for total, gradient in zip(self._sums, gradients, strict=True)
        ]

        def keep():
            for total, value in zip(self._sums, sums, strict=True):
                total.assign(value)

        def apply():
            batches = tf.cast(held, tf.float32) + weight
            self._apply(self._rules.limit([value / tf.cast(batches, value.dtype) for value in sums]))
            for total in self._sums:
                total.assign(tf.zeros_like(total))

        tf.cond(is_last, apply, keep)
        return rate

    def _learning_rate(self, position: tf.Tensor) -> tf.Tensor:
        if self._schedule is not None:
            self._schedule.position.assign(position)
        return tf.cast(tf.convert_to_tensor(self.optimizer.learning_rate), tf.float32)

    def _apply(self, gradients: list[tf.Tensor]) -> None:
        if self._compiled is not None:
            self._compiled(gradients)
        else:
            self.optimizer.apply(gradients, self._variables)


def on_its_own(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns an optimizer that updates the variables of the device it runs on, and waits for no other device.

    Keras sums gradients over devices with a custom gradient. TensorFlow keeps each custom gradient until the process
    ends, together with the whole traced step: 10 MB per run. Where several devices train, the gradients are sums
    already, and Keras could not update within a condition, such as that of gradient accumulation.
    """
    optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: gradients_and_variables
    if tf.distribute.has_strategy():
        plain = next(kind for kind in type(optimizer).__mro__ if kind.__name__ == "BaseOptimizer")
        for name in ("_backend_update_step", "_apply_weight_decay"):
            setattr(optimizer, name, types.MethodType(getattr(plain, name), optimizer))
    return optimizer
