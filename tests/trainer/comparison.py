"""Whether two runs of one recipe are the same to the bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trainer import Run


@dataclass(frozen=True)
class Result:
    """What came of the cut run and of the one that was left alone."""

    digest: str
    expected_digest: str
    differences: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether digests, every row of the history and every epoch are the same."""
        return self.digest == self.expected_digest and not self.differences


def compare(run: Run, whole: Run) -> Result:
    """Compares digests, every row of the history but for the clock, and every epoch."""
    differences = []
    for name, ours, theirs in (
        ("history", run.history.frame(), whole.history.frame()),
        ("epochs", run.history.epochs.frame(), whole.history.epochs.frame()),
    ):
        difference = first_difference(ours.drop(columns="time"), theirs.drop(columns="time"))
        if difference:
            differences.append(f"{name}: {difference}")
        if not ours["time"].is_monotonic_increasing:
            differences.append(f"{name}: time runs backwards")
    return Result(run.checkpoints[0].digest, whole.checkpoints[0].digest, tuple(differences))


def first_difference(ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    """Returns where two tables first differ in a single bit, in words; empty: nowhere."""
    if list(ours.columns) != list(theirs.columns) or len(ours) != len(theirs):
        return f"{len(ours)} rows of {', '.join(ours)} for {len(theirs)} of {', '.join(theirs)}"
    for name in ours:
        mine, other = ours[name].to_numpy(), theirs[name].to_numpy()
        # NaN, which stands for what was not measured, is itself.
        rows = np.flatnonzero((mine != other) & ~((mine != mine) & (other != other)))
        if len(rows):
            return f"{name} differs in {len(rows)} rows, first in row {rows[0]}: {mine[rows[0]]} for {other[rows[0]]}"
    return ""
