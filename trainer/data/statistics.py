"""Statistics of the training split that a model needs: fills, means and variances."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.splits import Split
from trainer.data.values import Rows, blocks

#: Bytes of columns in memory at once while they are measured.
AT_ONCE = 2**28


def measure_inputs(spec: DataSpec, train: Split) -> DataSpec:
    """Returns the spec with the statistics of the training split that the model needs."""
    if spec.standardize:
        if spec.columns:
            spec = measure_columns(spec, train)
        else:
            # All steps of a sequence, or pixels of an image, share their statistics.
            axes = tuple(range(len(train.x.shape) - 1))
            count = len(train) * math.prod(spec.input_shape[:-1])
            mean = sum(block.sum(axis=axes, dtype=np.float64) for _, block in blocks(train.x)) / count
            squares = sum(((block - mean) ** 2).sum(axis=axes) for _, block in blocks(train.x))
            variance = np.maximum(squares / count, 1e-12)
            spec = dataclasses.replace(spec, mean=tuple(mean.tolist()), variance=tuple(variance.tolist()))
    if spec.task == "regression" and (spec.standardize or spec.standardize_target):
        y = train.y.astype(np.float64)
        spec = dataclasses.replace(spec, target_mean=float(y.mean()), target_std=float(y.std()) or 1.0)
    return spec


def measure_columns(spec: DataSpec, train: Split) -> DataSpec:
    """Returns a table's spec with fills, and statistics of the filled numbers, from the training split."""
    columns, mean, variance = list(spec.columns), [0.0] * len(spec.columns), [1.0] * len(spec.columns)
    numbers = [place for place, column in enumerate(columns) if column.kind == "number"]
    for place, values in read_columns(train.x, numbers):
        is_missing = np.isnan(values)
        present = values[~is_missing]
        if len(present):
            fill = np.median(present) if columns[place].fill_with == "median" else present.mean()
            columns[place] = dataclasses.replace(columns[place], fill=float(fill))
        values[is_missing] = columns[place].fill
        # A column that is constant here may vary in the held-out rows.
        mean[place], variance[place] = float(values.mean()), float(values.var()) or 1.0
    return dataclasses.replace(spec, columns=tuple(columns), mean=tuple(mean), variance=tuple(variance))


def read_columns(x: np.ndarray | Rows, places: list[int]) -> Iterator[tuple[int, np.ndarray]]:
    """Yields whole columns, one by one; each pass over the rows reads as many columns as fit into `AT_ONCE`.

    Args:
        x: float32 (n, columns).
        places: the columns.

    Yields:
        A column's index and its values, float64 (n,).
    """
    step = max(1, AT_ONCE // (4 * max(1, len(x))))
    for first in range(0, len(places), step):
        group = places[first : first + step]
        held = np.empty((len(group), len(x)), np.float32)
        for row, block in blocks(x):
            held[:, row : row + len(block)] = block[:, group].T
        for place, values in zip(group, held, strict=True):
            yield place, values.astype(np.float64)
