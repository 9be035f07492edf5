"""Rows of a table, as text or numbers, turned into a model's input by the code that ships with model.keras."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from trainer.analysis import raw_rows
from trainer.analysis.predictions.examples import Examples
from trainer.analysis.rows import codes_by_value, describe_rows
from trainer.config.data_spec import Column, DataSpec
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import listed, quoted
from trainer.errors import DataError

#: A number so many standard deviations from the training mean gets a note: the model never saw its like.
FAR = 6.0


def columns_of(spec: DataSpec) -> tuple[Column, ...]:
    """Returns the columns of a table; the features of other data as columns of numbers."""
    if spec.columns:
        return spec.columns
    names = spec.feature_names
    if not names:
        names = tuple(f"x{number}" for number in range(1, math.prod(spec.input_shape) + 1))
    return tuple(Column(name, "number") for name in names)


def read_table(content: bytes, name: str, spec: DataSpec) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Returns the rows in the bytes of a CSV or Parquet file, and notes.

    Raises:
        DataError: it is empty, no table, too large, or lacks columns of the run's data.
    """
    columns = columns_of(spec)
    known = json.loads(describe_rows(_with_columns(spec, columns)))
    try:
        table, ragged = raw_rows.parse(content, known)
    except csv.Error as error:
        raise DataError(f"{name} cannot be read as CSV: {error}. Save it again as CSV in UTF-8.") from None
    # On untrusted bytes a decoder may raise anything.
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(f"{name} cannot be read as a table: {reason}. Save it again as CSV or Parquet.") from None
    notes = []
    if ragged:
        notes.append(
            f"{len(ragged):,} records have more or fewer fields than the header and are left out, such as the one "
            f"that ends on line {ragged[0]}."
        )
    if not spec.columns:
        table, more = _by_order(table, [column.name for column in columns])
        notes += more
    refuse_other_columns(list(table), columns, name)
    if not len(table):
        raise DataError(f"{name} has no rows below its header. Give a file with at least one row.")
    Limits.from_environment().check("rows", len(table), f"{name} must have")
    return table, tuple(notes)


def refuse_other_columns(names: list[str], columns: tuple[Column, ...], name: str) -> None:
    """Raises DataError where a table lacks columns, or has one of them twice."""
    if absent := [column.name for column in columns if column.name not in names]:
        raise DataError(
            f"{name} lacks {'the column' if len(absent) == 1 else 'the columns'} {listed(absent)}, which the model was "
            f"trained on. It has {listed(names) if names else 'none'}. Add what is missing, under the same names."
        )
    if twice := [column.name for column in columns if names.count(column.name) > 1]:
        raise DataError(f"{name} has the column {quoted(twice[0])} twice. Keep one of them.")


def take_rows(table: pd.DataFrame | Mapping, spec: DataSpec, name: str = "The table") -> Examples:
    """Returns raw rows as the model takes them.

    Args:
        table: DataFrame or {column: values}, of text as in the training file, or of numbers. None, NaN and the
            training file's missing markers are missing values.
        spec: of the run's data.
        name: what holds the rows, for messages.

    Raises:
        DataError: a column is missing, or a number is too large; of data that knows no missing values, one is missing.
    """
    columns = columns_of(spec)
    refuse_other_columns([str(one) for one in table], columns, name)
    lengths = {len(table[column.name]) for column in columns}
    if len(lengths) > 1:
        raise DataError(f"{name} must have equally many values in each column. Received: {sorted(lengths)}.")
    known = json.loads(describe_rows(_with_columns(spec, columns)))
    try:
        by_column, odd = raw_rows.arrange(table, known)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds a value that is neither text nor a number: {error}. Correct it.") from None
    notes = [
        f"Column {quoted(column)} has values that are not numbers, such as {quoted(values[0])}. They count as missing."
        for column, values in odd.items()
    ]
    x = np.empty((lengths.pop(), len(columns)), np.float32)
    for place, column in enumerate(columns):
        values = by_column[column.name].reshape(-1)
        if column.kind == "category":
            x[:, place], note = _codes(values, column)
        else:
            x[:, place], note = values, _about_numbers(values, column, place, spec)
        notes += note
    return Examples(x.reshape(-1, *spec.input_shape), tuple(notes))


def _codes(values: np.ndarray, column: Column) -> tuple[np.ndarray, list[str]]:
    """Returns a category's codes as `trainer.analysis.rows.category_codes` computes them, and notes."""
    codes = codes_by_value(column)
    missing, unknown = int((values == "").sum()), sorted({value for value in values if value and value not in codes})
    notes = [_missing(missing, column)] if missing else []
    if unknown:
        seen = [value for value in column.vocabulary if value]
        notes.append(
            f"{quoted(column.name)} has values that the model does not know, such as {quoted(unknown[0])}: they say "
            f"nothing to it. It knows {listed(seen, 6)}."
        )
    return np.array([codes.get(value, 0.0) for value in values], np.float32), notes


def _about_numbers(values: np.ndarray, column: Column, place: int, spec: DataSpec) -> list[str]:
    """Returns notes on missing and far values.

    Raises:
        DataError: a number is infinite, or missing where the model knows no missing values.
    """
    if len(wrong := np.flatnonzero(np.isinf(values))):
        raise DataError(
            f"Row {wrong[0] + 1}: {quoted(column.name)} must be a finite number that float32 can hold, up to about "
            "3.4e38. Correct it."
        )
    absent = np.flatnonzero(np.isnan(values))
    if len(absent) and not spec.columns:
        raise DataError(
            f"Row {absent[0] + 1}: {quoted(column.name)} is missing or not a number, and this data set has no missing "
            "values. Give a number."
        )
    notes = [_missing(len(absent), column)] if len(absent) else []
    if len(spec.input_shape) == 1 and len(spec.mean) > place:
        deviation = math.sqrt(spec.variance[place]) or 1.0
        distance = np.abs(values - spec.mean[place]) / deviation
        if len(far := np.flatnonzero(distance > FAR)):
            row = far[np.nanargmax(distance[far])]
            notes.append(
                f"{quoted(column.name)} is {values[row]:,.6g} in row {row + 1}, {distance[row]:,.0f} standard "
                f"deviations from the training rows' mean of {spec.mean[place]:,.4g}: the model never saw such a value."
            )
    return notes


def _missing(count: int, column: Column) -> str:
    rows = f"{quoted(column.name)} is missing in {count:,} row{'s' * (count != 1)}"
    if column.kind == "number":
        return f"{rows} and is taken as the training rows' {column.fill_with}, {column.fill:,.6g}."
    value = column.vocabulary[int(column.fill) - 1] if column.fill else ""
    if value:
        return f"{rows} and is taken as the most frequent value, {quoted(value)}."
    if column.fill:
        return f"{rows}, which the model knows as a value of its own."
    return f"{rows}. It never was in training, so it says nothing to the model."


def _by_order(table: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Returns a table of plain numbers with the features' names; where it has others, its columns count in order."""
    if set(names) <= set(table) or len(table.columns) != len(names):
        return table, []
    header = list(table.columns)
    if all(_is_number(cell) for cell in header):
        # A file of numbers alone: what was taken for the header is the first row.
        table = pd.concat([pd.DataFrame([header], columns=header), table], ignore_index=True)
    table.columns = names
    return table, [f"The columns are taken in their order, as {listed(names)}."]


def _is_number(text: object) -> bool:
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False


def _with_columns(spec: DataSpec, columns: tuple[Column, ...]) -> DataSpec:
    return dataclasses.replace(spec, columns=columns)
