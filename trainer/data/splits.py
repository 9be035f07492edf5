"""Splits: the training, validation and test part of a data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.values import Rows, as_inputs, as_targets, parts_of, stream_above


@dataclass(frozen=True)
class Split:
    """One part of a data set: in memory, or read on demand if `x` is a `Rows`.

    Attributes:
        x: (n, *input_shape), uint8 or float32, numpy.ndarray or `Rows`; {name: array} or (array, …) for a
            model with several inputs.
        y: int32 (n,) for a classification, float32 (n, 1) for a regression, float32 (n, labels) of 0
            and 1 for a multilabel task; {name: array} or (array, …) for a model with several outputs.
        labels: the lowest and the highest label of the whole data set, if known.
        class_names: the text of each label, if the labels were text.
    """

    x: np.ndarray
    y: np.ndarray
    labels: tuple[int, int] | None = None
    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(parts_of(self.x)[0])

    @property
    def is_streamed(self) -> bool:
        """Whether the inputs are read from disk on demand."""
        return any(isinstance(part, Rows) for part in parts_of(self.x))


def split_indices(y: np.ndarray, spec: DataSpec, held_out: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns indices for training and validation, stratified by class if possible."""
    from sklearn.model_selection import train_test_split

    indices, strata = np.arange(len(y)), None
    if spec.task == "classification":
        counts = np.bincount(y, minlength=spec.num_classes)
        if counts[counts > 0].min() >= 2 and min(held_out, len(y) - held_out) >= np.count_nonzero(counts):
            strata = y
    kept, validation = train_test_split(indices, test_size=held_out, random_state=seed % 2**32, stratify=strata)
    return np.sort(kept), np.sort(validation)


def own_split(x: np.ndarray, y: np.ndarray, spec: DataSpec) -> Split:
    """Returns a split that the data set provides itself, streamed if it is large."""
    x = as_inputs(x, spec.columns)
    return Split(Rows(x, np.arange(len(x))) if x.nbytes > stream_above() else x, as_targets(y, spec))
