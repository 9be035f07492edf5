"""What a session remembers about finished epochs: the monitored value of each, and the best one's row."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import numpy as np

from trainer.config.policies import EarlyStopping, ReloadOnPlateau
from trainer.training.plateau import is_improved, triggers


class EpochScores:
    """Decides on the values as they are stored, float32, so that a resumed run decides alike.

    Args:
        best_by: the column that decides which epoch is best.
        columns: of the rows so far: "epoch", "step", the monitored column and others, one value per epoch.
    """

    def __init__(self, best_by: str, columns: Mapping[str, np.ndarray]):
        self._best_by = best_by
        #: The number of the last finished epoch; 0 before the first.
        self.finished = int(columns["epoch"][-1]) if len(columns.get("epoch", ())) else 0
        #: The best epoch's row, the first of equals; empty before the first.
        self.best: dict[str, float] = {}
        self._values = array("d")
        monitored = columns.get(best_by, np.full(len(columns.get("epoch", ())), np.nan))
        for index, value in enumerate(monitored):
            if self._add_value(float(value)):
                self.best = {name: column[index].item() for name, column in columns.items()}

    def add(self, row: Mapping[str, float]) -> bool:
        """Adds an epoch's row; returns whether it is the best so far."""
        self.finished = int(row["epoch"])
        is_best = self._add_value(float(np.float32(row.get(self._best_by, np.nan))))
        if is_best:
            self.best = dict(row)
        return is_best

    def count_stuck(self, policy: EarlyStopping | ReloadOnPlateau | None) -> int:
        """Returns how often a policy's patience has run out, if it did so at the newest epoch; else 0."""
        if policy is None:
            return 0
        found = triggers(self._values, self._best_by, policy.patience, policy.min_delta)
        return len(found) if found and found[-1] == len(self._values) - 1 else 0

    def _add_value(self, value: float) -> bool:
        self._values.append(value)
        best = float(np.float32(self.best[self._best_by])) if self.best else None
        return is_improved(value, best, self._best_by)
