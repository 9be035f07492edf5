"""What is compared with a reference, and by how much it differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Row:
    """One line of the table.

    Attributes:
        number: what was computed.
        reference: what it was compared with.
        difference: the largest seen, relative to the reference where that is above 1.
        limit: the largest allowed.
        count: how many values were compared.
    """

    number: str
    reference: str
    difference: float
    limit: float
    count: int


#: Whether tests marked `full` run too.
is_full = False
#: (number, reference) → its row.
rows: dict[tuple[str, str], Row] = {}


def compare(number: str, reference: str, ours, theirs, limit: float = 1e-6) -> None:
    """Asserts that two results agree, and remembers their difference.

    Args:
        number: what was computed, for people.
        reference: what computed it independently.
        ours, theirs: array-like of one shape; NaN agrees with NaN alone.
        limit: the largest difference allowed, relative to the reference where that is above 1. 0: equal.
    """
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape, f"{number}: shape {ours.shape}, {reference} has {theirs.shape}"
    assert ours.size, f"{number}: nothing to compare"
    is_missing = np.isnan(ours) != np.isnan(theirs)
    apart = np.nan_to_num(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs)))
    difference = float(np.where(is_missing, np.inf, np.where(ours == theirs, 0.0, apart)).max())
    row = rows.setdefault((number, reference), Row(number, reference, 0.0, limit, 0))
    row.difference, row.limit, row.count = max(row.difference, difference), max(row.limit, limit), row.count + ours.size
    assert difference <= limit, f"{number} differs from {reference} by {difference:.3g}\n{ours}\n{theirs}"
