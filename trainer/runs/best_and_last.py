"""The metrics of a run that are shown: those of the newest epoch and of the best, each with its step.

`last` belongs to the newest weights, `best` to the best epoch's. Test metrics and values per class are measured
on both at the end of training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from trainer.runs.columns import Table
from trainer.training.plateau import best_index


def best_and_last(
    epochs: Table, best_by: str, measured: Mapping[int, Mapping[str, float]], weights_step: int | None = None
) -> dict[str, dict[str, float]]:
    """Returns the newest and the best epoch's numbers.

    Args:
        epochs: the table of epochs.
        best_by: the column that decides which epoch is best.
        measured: step → metrics measured after training on the weights of that step.
        weights_step: the step whose weights the newest state has, if it is not the newest.
    """
    best, last = row_at(epochs, best_by), row_of(epochs, len(epochs) - 1)
    if weights_step is not None and best and int(best["step"]) == weights_step:
        last = best
    rows = {"last": last, "best": best}
    return {which: row | finite(measured.get(int(row.get("step", 0)), {})) for which, row in rows.items()}


def row_at(epochs: Table, best_by: str) -> dict[str, float]:
    """Returns the best epoch's row as numbers, the first of equals; empty before the first."""
    best = best_index(epochs.rows(0, len(epochs)).get(best_by, ()), best_by)
    return {} if best is None else row_of(epochs, best)


def row_of(table: Table, index: int) -> dict[str, float]:
    """Returns one row as numbers, without unmeasured values; empty if there is no such row."""
    if index < 0:
        return {}
    return finite({name: values[0].item() for name, values in table.rows(index, index + 1).items()})


def finite(values: Mapping[str, float]) -> dict[str, float]:
    """Returns the values that JSON can hold."""
    return {name: value for name, value in values.items() if math.isfinite(value)}
