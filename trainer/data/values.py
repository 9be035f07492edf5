"""Raw examples and targets as arrays of the types that training needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trainer.config.data_spec import Column, DataSpec
from trainer.config.environment import read_setting
from trainer.errors import DataError


@dataclass(frozen=True)
class Arrays:
    """Raw examples and targets, as a data set's function returns them.

    Attributes:
        x: (examples, *input_shape), uint8 or float32, raw: scaling is part of the model.
        y: (examples,) integer labels, (examples,) float targets, or (examples, labels) of 0 and 1.
        x_test, y_test: the data set's own test split, if it has one.
        x_validation, y_validation: its own validation split, if it has one.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None


def map_parts(function: Callable, whole, *others):
    """Applies a function to an array, or to each array of a dictionary or tuple; keeps the structure.

    Args:
        function: of one array, and one of each of `others`.
        whole: an array, {name: array} or (array, …).
        others: of the same structure.
    """
    if isinstance(whole, dict):
        return {name: function(part, *(other[name] for other in others)) for name, part in whole.items()}
    if isinstance(whole, tuple | list):
        return tuple(function(*parts) for parts in zip(whole, *others, strict=True))
    return function(whole, *others)


def parts_of(whole) -> list:
    """Returns the arrays of an array, {name: array} or (array, …) as a list."""
    if isinstance(whole, dict):
        return list(whole.values())
    return list(whole) if isinstance(whole, tuple | list) else [whole]


class Rows:
    """Some rows of an array that may be on disk, read on demand.

    Args:
        whole: (examples, …), such as a numpy.memmap.
        chosen: the indices of the rows, int (n,).
        codes: see `recode`.
    """

    def __init__(self, whole: np.ndarray, chosen: np.ndarray, codes: Mapping[int, np.ndarray] | None = None):
        self._whole, self._chosen, self._codes = whole, chosen, codes or {}
        self.shape, self.dtype = (len(chosen), *whole.shape[1:]), whole.dtype

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, key) -> np.ndarray:
        """Reads the rows of a slice or of an array of indices."""
        # take() releases the GIL while it waits for the disk.
        return recode(np.take(self._whole, self._chosen[key], axis=0), self._codes)


def recode(x: np.ndarray, codes: Mapping[int, np.ndarray]) -> np.ndarray:
    """Replaces the codes of categories in place and returns x.

    Args:
        x: float32 (n, columns).
        codes: by column index: the new code of each old code, float32.
    """
    for place, table in codes.items():
        x[:, place] = table[x[:, place].astype(np.int64)]
    return x


def stream_above() -> int:
    """Returns the most bytes of inputs to keep in memory; more are streamed. TRAINDECK_STREAM_ABOVE sets it."""
    return read_setting("TRAINDECK_STREAM_ABOVE", 2**30)


def as_inputs(x: np.ndarray, columns: tuple[Column, ...] = ()) -> np.ndarray:
    """Returns inputs as uint8 (kept, four times smaller) or float32; a table's numbers may be missing.

    Raises:
        DataError: a value that is not finite as float32, with its row.
    """
    x = np.asarray(x)
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    may_miss = np.array([column.kind == "number" for column in columns]) if columns else False
    return np.ascontiguousarray(as_finite(x, "Inputs", may_miss))


def as_finite(values: np.ndarray, what: str, may_miss: np.ndarray | bool = False) -> np.ndarray:
    """Returns values as float32, or raises DataError with the first that float32 cannot hold, and its row.

    Args:
        values: (n, …).
        what: the subject of the error message.
        may_miss: where NaN is allowed, for missing values: bool of the shape of an example.
    """
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32, copy=False)
    for first, block in blocks(numbers):
        wrong = np.argwhere(~np.isfinite(block) & ~(may_miss & np.isnan(block)))
        if len(wrong):
            place = (first + wrong[0][0], *wrong[0][1:])
            raise DataError(
                f"{what} must be finite numbers that float32 can hold. Received: {values[tuple(place)]} in row "
                f"{place[0]}. Correct or remove the row."
            )
    return numbers


def blocks(x: np.ndarray | Rows, size: int = 1 << 24) -> Iterator[tuple[int, np.ndarray]]:
    """Yields (index of the first row, rows) block by block, so that large arrays on disk never fill the memory.

    Args:
        x: (n, …).
        size: of a block, in bytes.
    """
    rows = max(1, size // max(1, x.dtype.itemsize * math.prod(x.shape[1:])))
    for first in range(0, len(x), rows):
        yield first, x[first : first + rows]


def as_targets(y: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns labels as int32 (n,), regression targets as float32 (n, 1), several labels as float32 (n, labels).

    Raises:
        DataError: a label that is no whole number in [0, num_classes), with its value and row; a target
            that is not finite; more than one target per example.
    """
    y = np.asarray(y)
    if spec.task == "multilabel":
        return as_labels(y, spec)
    if y.size != len(y):
        raise DataError(f"y must hold one target per example. Received: shape {y.shape}. Choose one column.")
    if spec.task == "regression":
        return as_finite(y.reshape(-1, 1), "Targets")
    y = y.reshape(-1)
    # NaN compares as false, so it counts as wrong.
    wrong = np.flatnonzero(~((y >= 0) & (y < spec.num_classes) & (y == np.floor(y))))
    if len(wrong):
        raise DataError(
            f"Labels must be whole numbers from 0 to {spec.num_classes - 1}. Received: {y[wrong[0]]} "
            f"in row {wrong[0]}. Correct the label, or number the classes from 0."
        )
    return y.astype(np.int32)


def as_labels(y: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns 0 or 1 for every label as float32 (n, labels); raises DataError for anything else."""
    if y.ndim != 2 or y.shape[1] != spec.num_classes:
        raise DataError(f"y must have {spec.num_classes} columns, one per label. Received: shape {y.shape}.")
    wrong = np.argwhere(~((y == 0) | (y == 1)))
    if len(wrong):
        raise DataError(
            f"Each label must be 0 or 1. Received: {y[tuple(wrong[0])]} in row {wrong[0][0]}, column {wrong[0][1]}. "
            "Correct it there."
        )
    return y.astype(np.float32)
