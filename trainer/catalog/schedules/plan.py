"""What a schedule is made for, and its points to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """What a schedule is made for.

    Attributes:
        learning_rate: of the optimizer: the highest that a schedule reaches.
        steps_per_epoch: batches in one epoch.
        total_steps: batches in the whole run.
    """

    learning_rate: float
    steps_per_epoch: int
    total_steps: int


def plot_points(schedule, plan: Plan, most: int = 200) -> tuple[list[int], list[float]]:
    """Returns steps and learning rates to draw a schedule before training.

    Args:
        schedule: a Keras schedule, or None for a constant rate.
        plan: what it was made for.
        most: the most points.
    """
    steps = sorted({round(i * (plan.total_steps - 1) / (most - 1)) for i in range(most)})
    return steps, [plan.learning_rate if schedule is None else float(schedule(step)) for step in steps]
