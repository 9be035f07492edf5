"""Schedules that lower the learning rate by a factor."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.catalog.schedules.plan import Plan
from trainer.config.registry import SCHEDULES


@SCHEDULES.register(label="Step", help="Lower the learning rate every few epochs.", order=1)
def step(
    plan: Plan,
    *,
    every: Annotated[int, Field(ge=1, le=100_000, title="Every (epochs)", description="Epochs between two drops.")] = 5,
    factor: Annotated[
        float, Field(gt=0, lt=1, description="The learning rate is multiplied by this at each drop.")
    ] = 0.5,
):
    """Returns learning_rate · factor^floor(epochs / every)."""
    import keras

    class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
        """Counts drops as integers. Keras divides floats, which XLA rounds so that a drop can come a step late."""

        def __call__(self, step):
            drops = keras.ops.cast(step, "int64") // (every * plan.steps_per_epoch)
            return plan.learning_rate * keras.ops.power(factor, keras.ops.cast(drops, "float32"))

    return StepDecay()


@SCHEDULES.register(label="Exponential", help="Lower the learning rate a little after every step.", order=2)
def exponential(
    plan: Plan,
    *,
    factor: Annotated[
        float, Field(gt=0, lt=1, description="The learning rate is multiplied by this over each epoch.")
    ] = 0.9,
):
    """Returns learning_rate · factor^(steps / steps per epoch)."""
    import keras

    return keras.optimizers.schedules.ExponentialDecay(plan.learning_rate, plan.steps_per_epoch, factor)
