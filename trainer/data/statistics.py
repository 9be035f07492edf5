"""What a model needs to know of its training split: fills, means and variances."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from trainer.data.specs import DataSpec
from trainer.data.splits import Split
from trainer.data.values import blocks


def measure_inputs(spec: DataSpec, train: Split) -> DataSpec:
    """Returns the spec with the statistics of the training split where the model needs them."""
    if spec.standardize:
        if spec.columns:
            spec = measure_columns(spec, train)
        else:
            # Steps of a sequence and pixels of an image are standardized alike.
            axes = tuple(range(len(train.x.shape) - 1))
            count = len(train) * math.prod(spec.input_shape[:-1])
            mean = sum(block.sum(axis=axes, dtype=np.float64) for _, block in blocks(train.x)) / count
            squares = sum(((block - mean) ** 2).sum(axis=axes) for _, block in blocks(train.x))
            variance = np.maximum(squares / count, 1e-12)
            spec = dataclasses.replace(spec, mean=tuple(mean.tolist()), variance=tuple(variance.tolist()))
        if spec.task == "regression":
            y = train.y.astype(np.float64)
            spec = dataclasses.replace(spec, target_mean=float(y.mean()), target_std=float(y.std()) or 1.0)
    return spec


def measure_columns(spec: DataSpec, train: Split) -> DataSpec:
    """Returns a table's spec with what the training split says: fills, and statistics of the filled numbers."""
    columns, mean, variance = [], [], []
    for place, column in enumerate(spec.columns):
        middle, spread = 0.0, 1.0
        if column.kind == "number":
            values = np.concatenate([block[:, place] for _, block in blocks(train.x)]).astype(np.float64)
            is_missing = np.isnan(values)
            present = values[~is_missing]
            if len(present):
                fill = np.median(present) if column.fill_with == "median" else present.mean()
                column = dataclasses.replace(column, fill=float(fill))
            values[is_missing] = column.fill
            # A column that is constant here may vary in the rows that are held out.
            middle, spread = float(values.mean()), float(values.var()) or 1.0
        columns.append(column)
        mean.append(middle)
        variance.append(spread)
    return dataclasses.replace(spec, columns=tuple(columns), mean=tuple(mean), variance=tuple(variance))
