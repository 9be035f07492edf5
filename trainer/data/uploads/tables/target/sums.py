"""Checks whether the target is a sum of columns, or a column is the sum of the target and others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding

#: A coefficient this close to 1 is tried as 1; a sum may leave this fraction of its variance unexplained.
CLOSE, UNEXPLAINED = 0.25, 0.02

#: A part must vary more than what is left; only so many columns and rows are tried.
MATTERS, MOST_COLUMNS, MOST_ROWS = 1.0, 40, 5000


def check_sums(columns: Iterable[tuple[str, np.ndarray]], name: str, target: np.ndarray) -> list[Finding]:
    """Returns a warning where the target follows from a sum, as fare does where total is fare + tip + tolls.

    Args:
        columns: the names and values of columns of numbers, float64 (rows,), NaN where missing.
        name: of the target.
        target: float64 (rows,), not missing.
    """
    rows = np.linspace(0, len(target) - 1, min(len(target), MOST_ROWS)).astype(int)
    goal = target[rows]
    if not np.isfinite(goal).all() or not goal.std():
        return []
    # A table may have thousands of columns: only those that correlate most are held.
    strongest: list[tuple[float, str, np.ndarray]] = []
    for column, values in columns:
        values = values[rows]
        known = np.isfinite(values)
        if 2 * np.count_nonzero(known) > len(rows) and values[known].std() > 0 and goal[known].std() > 0:
            strength = abs(np.corrcoef(values[known], goal[known])[0, 1])
            strongest = sorted([*strongest, (strength, column, values)], key=lambda one: -one[0])[:MOST_COLUMNS]
    names = [name, *[column for _, column, _ in strongest]]
    table = np.stack([goal, *[values for _, _, values in strongest]])
    table = table[:, np.isfinite(table).all(axis=0)]
    if len(table) < 3 or table.shape[1] < max(20, 2 * len(table)) or not table.std(axis=1).all():
        return []
    table -= table.mean(axis=1, keepdims=True)
    for whole in range(len(table)):
        parts, left = find_parts(table, whole)
        if len(parts) > 1 and (whole == 0 or 0 in parts):
            return [_warning(names, whole, parts, left / np.var(table[whole]))]
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
