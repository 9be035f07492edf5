"""Predictions: what a checkpoint says about every example of a split."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Predictions:
    """A checkpoint's outputs for a split, beside the targets.

    Attributes:
        task: "classification", "multilabel", "regression" or "reconstruction".
        split: "test", "validation" or "training".
        step: of the checkpoint.
        digest: of the checkpoint's state.
        y: the targets: int32 (n,), classes; float32 (n, labels); float32 (n, 1), a number in the target's units;
            for a reconstruction empty.
        output: float32 (n, …): probabilities (n, classes) or (n, 1); numbers (n, 1); for a reconstruction the mean
            squared error of each example, (n, 1), in scaled units.
        note: why they are not kept on the disk, as a sentence; else "".
    """

    task: str
    split: str
    step: int
    digest: str
    y: np.ndarray
    output: np.ndarray
    note: str = ""

    def __len__(self) -> int:
        return len(self.output)

    @property
    def rows(self) -> np.ndarray:
        """The examples with a finite prediction, as indices into the split, int (m,)."""
        return np.flatnonzero(np.isfinite(self.output).all(axis=1))

    @property
    def left_out(self) -> int:
        """How many predictions are not finite numbers."""
        return len(self) - len(self.rows)

    def finite(self) -> Predictions:
        """Returns the predictions of `rows` only."""
        rows = self.rows
        if len(rows) == len(self):
            return self
        return dataclasses.replace(self, y=self.y[rows] if len(self.y) else self.y, output=self.output[rows])


def class_scores(output: np.ndarray) -> np.ndarray:
    """Returns the probability of each class, float32 (n, classes), from (n, classes) or that of class 1, (n, 1)."""
    return np.concatenate([1 - output, output], axis=1) if output.shape[1] == 1 else output


def predicted_classes(output: np.ndarray, threshold: float | None = None) -> np.ndarray:
    """Returns the predicted class of each example, int (n,), as the downloaded model's `raw_rows.predict` does.

    Args:
        output: probabilities (n, classes) or (n, 1).
        threshold: for two classes: class 1 is predicted where its probability is larger. None: the larger one of two
            columns, 0.5 for a single one.
    """
    if threshold is not None:
        return (class_scores(output)[:, 1] > threshold).astype(int)
    return output.argmax(axis=1) if output.shape[1] > 1 else (output[:, 0] > 0.5).astype(int)
