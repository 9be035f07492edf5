"""Learning-rate schedules: each entry returns a function of the batches trained on so far.

So the rate follows from the step alone, and a resumed run continues with the right one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from trainer.config.registry import SCHEDULES

Factor = Annotated[float, Field(gt=0, lt=1, description="What the rate is multiplied by each time.")]


@dataclass(frozen=True)
class Plan:
    """What a schedule is made for.

    Attributes:
        learning_rate: the optimizer's own: the highest that a schedule reaches.
        steps_per_epoch: batches in one epoch.
        total_steps: batches in the whole run.
    """

    learning_rate: float
    steps_per_epoch: int
    total_steps: int


@SCHEDULES.register(label="Step", help="Drop the rate every few epochs.", order=1)
def step(
    plan: Plan,
    *,
    every: Annotated[int, Field(ge=1, le=100_000, title="every (epochs)", description="Epochs between two drops.")] = 5,
    factor: Factor = 0.5,
):
    """Returns learning_rate · factor^floor(epochs / every)."""
    import keras

    class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
        """Counts drops in whole numbers: Keras divides floats, which XLA rounds so that a drop can come a step late."""

        def __call__(self, step):
            drops = keras.ops.cast(step, "int64") // (every * plan.steps_per_epoch)
            return plan.learning_rate * keras.ops.power(factor, keras.ops.cast(drops, "float32"))

    return StepDecay()


@SCHEDULES.register(label="Exponential", help="Lower the rate a little after every step.", order=2)
def exponential(
    plan: Plan,
    *,
    factor: Annotated[float, Field(gt=0, lt=1, description="What is left of the rate after each epoch.")] = 0.9,
):
    """Returns learning_rate · factor^(steps / steps per epoch)."""
    import keras

    return keras.optimizers.schedules.ExponentialDecay(plan.learning_rate, plan.steps_per_epoch, factor)


@SCHEDULES.register(
    label="Cosine", help="Fall slowly, then fast, then slowly to the end of the run: a good choice for most.", order=3
)
def cosine(
    plan: Plan,
    *,
    warmup: Annotated[
        float, Field(ge=0, le=0.5, title="warm-up", description="The part of the run in which the rate first rises.")
    ] = 0.0,
    final: Annotated[
        float, Field(ge=0, le=1, title="final part", description="What part of the rate is left at the end.")
    ] = 0.0,
):
    """Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts."""
    return _cosine_after_warmup(plan, warmup, final)


@SCHEDULES.register(label="Warm-up", help="Rise from nothing, then stay: calms the first steps.", order=4)
def warmup(
    plan: Plan,
    *,
    epochs: Annotated[float, Field(gt=0, le=1000, description="How long the rate rises, in epochs.")] = 1.0,
):
    """Goyal et al. 2017, arXiv:1706.02677, §2.2: linear from 0 to learning_rate, then constant."""
    import keras

    steps = max(1, round(epochs * plan.steps_per_epoch))
    return keras.optimizers.schedules.PolynomialDecay(0.0, steps, plan.learning_rate)


@SCHEDULES.register(label="One cycle", help="Rise for a third of the run, then fall to almost nothing.", order=5)
def one_cycle(
    plan: Plan,
    *,
    rise: Annotated[float, Field(gt=0, lt=1, description="The part of the run in which the rate rises.")] = 0.3,
):
    """Smith & Topin 2018, arXiv:1708.07120: up to learning_rate, then down by a cosine to 1/1000 of it."""
    return _cosine_after_warmup(plan, rise, 0.001)


def _cosine_after_warmup(plan: Plan, warmup: float, final: float):
    import keras

    rising = round(warmup * plan.total_steps)
    falling = max(1, plan.total_steps - rising)
    if not rising:
        return keras.optimizers.schedules.CosineDecay(plan.learning_rate, falling, alpha=final)
    return keras.optimizers.schedules.CosineDecay(
        0.0, falling, alpha=final, warmup_target=plan.learning_rate, warmup_steps=rising
    )


def plot_points(schedule, plan: Plan, most: int = 200) -> tuple[list[int], list[float]]:
    """Returns steps and learning rates to draw a schedule before training.

    Args:
        schedule: a Keras schedule, or None for a constant rate.
        plan: what it was made for.
        most: how many points at most.
    """
    steps = sorted({round(i * (plan.total_steps - 1) / (most - 1)) for i in range(most)})
    return steps, [plan.learning_rate if schedule is None else float(schedule(step)) for step in steps]
