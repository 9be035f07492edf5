"""Trial: one configuration of a sweep and what came out, as an immutable snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: "open": no result yet, because its run waits, trains, or is paused.
Outcome = Literal["open", "completed", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """One configuration that a sweep tries.

    Attributes:
        number: its place in the sweep, from 0.
        run_id: of its run.
        values: of the varied options, by path.
        outcome: what came out; see `Outcome`.
        value: of the metric: the best epoch's, or the last one before a run was pruned; None: not known.
        epochs: the metric after each epoch so far.
        pruned_at: the epoch after which the pruner decided to end it, or None.
        reason: why it failed, as a sentence.
    """

    number: int
    run_id: str
    values: Mapping[str, Any]
    outcome: Outcome
    value: float | None = None
    epochs: Mapping[int, float] = field(default_factory=dict)
    pruned_at: int | None = None
    reason: str = ""

    @property
    def label(self) -> str:
        """Its number for people: "01" is the first."""
        return f"{self.number + 1:02d}"


def find_best(trials: Iterable[Trial], is_maximized: bool) -> Trial | None:
    """Returns the completed trial with the best value, the first of equals; None before the first one completes."""
    done = [trial for trial in trials if trial.outcome == "completed"]
    sign = -1 if is_maximized else 1
    return min(done, key=lambda trial: (sign * trial.value, trial.number), default=None)


def best_so_far(trials: Iterable[Trial], is_maximized: bool) -> list[tuple[int, float]]:
    """Returns (number, best value up to it) for each completed trial, in the order of their numbers."""
    line: list[tuple[int, float]] = []
    pick = max if is_maximized else min
    for trial in sorted(trials, key=lambda trial: trial.number):
        if trial.outcome == "completed":
            line.append((trial.number, pick(trial.value, line[-1][1]) if line else trial.value))
    return line
