"""Builds a run's optimizer with its schedule, weight averaging and gradient accumulation."""

from __future__ import annotations

import keras

from trainer.catalog.schedules.plan import Plan
from trainer.config.data_spec import DataSpec
from trainer.config.registry import OPTIMIZERS, SCHEDULES
from trainer.config.run_config import RunConfig


class ScaledSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule times a factor that can change during training.

    Args:
        schedule: the schedule, or a constant rate.
        scale: scalar variable of the optimizer, so that it is part of every checkpoint.
    """

    def __init__(self, schedule, scale: keras.Variable):
        self._schedule, self._scale = schedule, scale

    def __call__(self, step):
        """Returns the learning rate at a position, float32."""
        rate = self._schedule(step) if callable(self._schedule) else self._schedule
        return keras.ops.cast(rate, "float32") * self._scale


def make_optimizer(config: RunConfig, data: DataSpec) -> keras.optimizers.Optimizer:
    """Returns a new optimizer with all its settings in a config.

    Args:
        config: the recipe.
        data: the training data; a schedule depends on its number of steps.
    """
    optimizer = OPTIMIZERS[config.optimizer].build(**config.optimizer_options)
    if config.gradient_accumulation_steps > 1:
        optimizer.gradient_accumulation_steps = config.gradient_accumulation_steps
    if config.ema_momentum is not None:
        optimizer.use_ema, optimizer.ema_momentum = True, config.ema_momentum
    rate = config.optimizer_options["learning_rate"]
    schedule = rate
    if config.schedule is not None:
        steps = config.count_steps(data)
        plan = Plan(rate, steps, steps * config.epochs)
        schedule = SCHEDULES[config.schedule].build(plan, **config.schedule_options)
    if config.reload_on_plateau is not None:
        # The factor can change during training, so it must be part of the optimizer's state.
        scale = optimizer.add_variable((), initializer="ones", name="learning_rate_scale")
        optimizer.learning_rate_scale = scale
        schedule = ScaledSchedule(schedule, scale)
    if schedule is not rate:
        optimizer.learning_rate = schedule
    return optimizer
