"""The sparkline: a run's training loss in a few numbers, for lists."""

from __future__ import annotations

import itertools

import numpy as np

from trainer.runs.history import History

MOST_VALUES = 32
#: Rows that are looked at for each value. A bucket with more rows is read with a stride.
_ROWS_PER_VALUE = 64


def sparkline(history: History) -> list[float]:
    """Returns the training loss over all steps so far: one mean per bucket, all buckets equally long.

    It costs the same for a thousand steps as for a million. Buckets without a finite loss are left out.

    Returns:
        At most `MOST_VALUES` finite numbers, oldest first.
    """
    losses = history.rows(0, len(history)).get("loss")
    if losses is None or not len(losses):
        return []
    edges = np.linspace(0, len(losses), min(MOST_VALUES, len(losses)) + 1).astype(int)
    means = []
    for first, last in itertools.pairwise(edges):
        bucket = losses[first : last : -(-int(last - first) // _ROWS_PER_VALUE)].astype(np.float64)
        finite = bucket[np.isfinite(bucket)]
        if len(finite):
            means.append(float(f"{finite.mean():.6g}"))
    return means
