"""Checks whether the target is a sum of columns, or a column is the sum of the target and others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainer.brought.quoting import quoted
from trainer.brought.report import Change, Finding
from trainer.brought.tables.columns import ColumnSummary

#: A coefficient this close to 1 is tried as 1; a sum may leave this fraction of its variance unexplained.
CLOSE, UNEXPLAINED = 0.25, 0.02

#: A part must vary more than what is left; only so many columns and rows are tried.
MATTERS, MOST_COLUMNS, MOST_ROWS = 1.0, 40, 5000


def check_sums(
    numbers: Sequence[np.ndarray], inputs: Sequence[ColumnSummary], target: np.ndarray, name: str
) -> list[Finding]:
    """Returns a warning where the target follows from a sum, as fare does where total is fare + tip + tolls.

    Args:
        numbers: of each input, float64 (rows,), NaN where missing.
        inputs: what these columns are.
        target: float64 (rows,), finite where known.
        name: of the target.
    """
    table = np.stack([target, *numbers])
    table = table[:, np.isfinite(table).all(axis=0)]
    table = table[:, np.linspace(0, table.shape[1] - 1, min(table.shape[1], MOST_ROWS)).astype(int)]
    varies = table.std(axis=1) > 0 if table.size else np.zeros(len(table), bool)
    if table.shape[1] < 20 or not varies[0] or np.count_nonzero(varies) < 3:
        return []
    places = np.flatnonzero(varies)
    table = table[places] - table[places].mean(axis=1, keepdims=True)
    strength = np.abs(table @ table[0]) / table.std(axis=1)
    strength[0] = np.inf
    chosen = np.sort(np.argsort(-strength, kind="stable")[: MOST_COLUMNS + 1])
    names = [name, *[summary.name for summary in inputs]]
    names, table = [names[places[place]] for place in chosen], table[chosen]
    if table.shape[1] < 2 * len(table):
        return []
    for whole in range(len(table)):
        parts, left = find_parts(table, whole)
        if len(parts) > 1 and (whole == 0 or 0 in parts):
            return [_warning(names, whole, parts, left)]
    return []


def find_parts(table: np.ndarray, whole: int) -> tuple[list[int], float]:
    """Returns which rows of a table add up to another of its rows, and the variance that they leave.

    Least squares gives the coefficients; columns whose coefficient is near 1 are then summed as they are, so that a
    relation by chance, which has other coefficients, is no sum.

    Args:
        table: float64 (columns, rows), each with mean 0.
        whole: the row that may be a sum.
    """
    others = np.delete(np.arange(len(table)), whole)
    spread = table[others].std(axis=1)
    found = np.linalg.lstsq((table[others] / spread[:, None]).T, table[whole], rcond=1e-9)[0] / spread
    parts = [int(place) for place in others[np.abs(found - 1) < CLOSE]]
    left = float(np.var(table[whole] - table[parts].sum(axis=0)))
    if left > UNEXPLAINED * np.var(table[whole]):
        return [], left
    # What varies less than the sum leaves unexplained may be in it by chance.
    return [place for place in parts if np.var(table[place]) > MATTERS * left], left


def _warning(names: list[str], whole: int, parts: list[int], left: float) -> Finding:
    kind = "the sum" if left < 1e-9 else "almost the sum"
    listed = [quoted(names[place]) for place in parts]
    summed = ", ".join(listed[:-1]) + f" and {listed[-1]}" if len(listed) <= 6 else f"{len(listed)} columns"
    if whole:
        message = (
            f"It is {kind} of {summed}, so it gives the target away. Leave it out, unless it is known before the "
            "target is."
        )
        aside = [names[whole]]
    else:
        message = f"The target is {kind} of {summed}. Leave them out, unless they are known before the target is."
        aside = [names[place] for place in parts]
    label = ", ".join(map(quoted, aside[:3])) + (f" and {len(aside) - 3} more" if len(aside) > 3 else "")
    change = Change(f"Leave out {label}", {"leave_out": aside})
    return Finding("warning", f"column {quoted(names[whole])}", message, len(parts), (change,))
