"""Schedules that rise, then fall along a cosine."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.catalog.schedules.plan import Plan
from trainer.config.registry import SCHEDULES


@SCHEDULES.register(
    label="Cosine",
    help="Fall slowly, then fast, then slowly until the end of the run. A good first choice.",
    order=3,
    uses_total=True,
)
def cosine(
    plan: Plan,
    *,
    warmup: Annotated[
        float, Field(ge=0, le=0.5, title="Warm-up", description="The fraction of the run in which the rate rises.")
    ] = 0.0,
    final: Annotated[
        float, Field(ge=0, le=1, title="Final fraction", description="The fraction of the rate left at the end.")
    ] = 0.0,
):
    """Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts."""
    return _cosine_after_warmup(plan, warmup, final)


@SCHEDULES.register(
    label="Warm-up", help="Rise from zero, then stay constant. Makes the first steps more stable.", order=4
)
def warmup(
    plan: Plan,
    *,
    epochs: Annotated[float, Field(gt=0, le=1000, description="Epochs in which the learning rate rises.")] = 1.0,
):
    """Goyal et al. 2017, arXiv:1706.02677, §2.2: linear from 0 to learning_rate, then constant."""
    import keras

    steps = max(1, round(epochs * plan.steps_per_epoch))
    return keras.optimizers.schedules.PolynomialDecay(0.0, steps, plan.learning_rate)


@SCHEDULES.register(
    label="One cycle", help="Rise for a third of the run, then fall to almost zero.", order=5, uses_total=True
)
def one_cycle(
    plan: Plan,
    *,
    rise: Annotated[float, Field(gt=0, lt=1, description="The fraction of the run in which the rate rises.")] = 0.3,
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
