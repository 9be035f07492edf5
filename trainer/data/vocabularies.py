"""Vocabularies of categories, learned from the training split alone."""

from __future__ import annotations

import dataclasses

import numpy as np

from trainer.config.data_spec import MOST_VALUES, Column, DataSpec
from trainer.config.options import shown
from trainer.data.values import Rows, blocks
from trainer.errors import DataError


def learn_vocabularies(spec: DataSpec, x: np.ndarray, rows: np.ndarray) -> DataSpec:
    """Returns the spec with the most frequent values of the training rows as vocabularies.

    Args:
        spec: of the raw examples; columns with `is_raw` are learned.
        x: float32 (examples, columns) of raw codes.
        rows: the training rows, int (n,).
    """
    raw = [place for place, column in enumerate(spec.columns) if column.is_raw]
    if not raw:
        return spec
    counts = {place: np.zeros(len(spec.columns[place].vocabulary) + 1, np.int64) for place in raw}
    for _, block in blocks(Rows(x, rows)):
        for place in raw:
            counts[place] += np.bincount(block[:, place].astype(np.int64), minlength=len(counts[place]))
    columns = list(spec.columns)
    for place in raw:
        columns[place] = _learned(columns[place], counts[place][1:])
    return dataclasses.replace(spec, columns=tuple(columns))


def _learned(column: Column, counts: np.ndarray) -> Column:
    found = {value: count for value, count in zip(column.vocabulary, counts.tolist(), strict=True) if count}
    if column.fill_with == "most_frequent":
        found.pop("", None)
    # A column that is missing in every training row still needs one value to encode.
    values = sorted(found, key=lambda value: (-found[value], value))[:MOST_VALUES] or column.vocabulary[:1]
    stand_in = values[0] if column.fill_with == "most_frequent" else ""
    fill = values.index(stand_in) + 1 if stand_in in values else 0
    return dataclasses.replace(column, vocabulary=tuple(values), fill=float(fill), is_raw=False)


def adopt(spec: DataSpec, known: DataSpec) -> DataSpec:
    """Returns the spec with everything that a run learned from its training split before.

    Args:
        spec: of the raw examples.
        known: the run's spec, of the same data.

    Raises:
        DataError: the data has other columns now.
    """
    raw, kept = ([(column.name, column.kind) for column in columns] for columns in (spec.columns, known.columns))
    if raw != kept:
        raise DataError(
            f"This run was trained on the columns {shown([name for name, _ in kept])}, and the file is now read with "
            f"{shown([name for name, _ in raw])}. Start a new run."
        )
    names = ("columns", "mean", "variance", "target_mean", "target_std")
    return dataclasses.replace(spec, **{name: getattr(known, name) for name in names})


def code_tables(raw: DataSpec, learned: DataSpec) -> dict[int, np.ndarray]:
    """Returns, by column index of each raw category, the new code of each raw code, float32."""
    tables = {}
    for place, (column, after) in enumerate(zip(raw.columns, learned.columns, strict=True)):
        if column.is_raw:
            codes = {value: code for code, value in enumerate(after.vocabulary, start=1)} | {"": after.fill}
            tables[place] = np.array([0, *(codes.get(value, 0) for value in column.vocabulary)], np.float32)
    return tables
