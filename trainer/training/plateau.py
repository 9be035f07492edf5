"""Early stopping and returning to the best epoch: functions of the table of epochs alone.

Nothing is remembered between epochs, so a resumed run decides like an uninterrupted one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

#: Metrics that are better when higher; all others are better when lower.
_HIGHER = ("accuracy", "precision", "recall", "f1", "auc", "r2", "exact_match")


def is_higher_better(monitor: str) -> bool:
    """Returns whether a higher value is better, as for accuracy. For "epoch", the newest is the best."""
    name = monitor.removeprefix("val_")
    return name == "epoch" or any(part in name for part in _HIGHER)


def is_improved(value: float, best: float | None, monitor: str, min_delta: float = 0.0) -> bool:
    """Returns whether a value beats the best so far by more than `min_delta`. NaN never does."""
    if not math.isfinite(value):
        return False
    if best is None:
        return True
    return value > best + min_delta if is_higher_better(monitor) else value < best - min_delta


def best_index(values: Iterable[float], monitor: str) -> int | None:
    """Returns the position of the best value, the first of equals; None where none is finite."""
    values = np.asarray(values, np.float64)
    is_finite = np.isfinite(values)
    if not is_finite.any():
        return None
    scores = values if is_higher_better(monitor) else -values
    return int(np.argmax(np.where(is_finite, scores, -np.inf)))


def triggers(values: Iterable[float], monitor: str, patience: int, min_delta: float = 0.0) -> list[int]:
    """Returns the positions at which patience ran out; after each, waiting starts again.

    Args:
        values: of the monitored metric, one per epoch.
        monitor: its name.
        patience: epochs without improvement.
        min_delta: smallest change that counts as an improvement.
    """
    best, waited, found = None, 0, []
    for index, value in enumerate(np.asarray(values, np.float64).tolist()):
        if is_improved(value, best, monitor, min_delta):
            best, waited = value, 0
            continue
        waited += 1
        if waited >= patience:
            found.append(index)
            waited = 0
    return found
