"""Exported models of tables: they take the columns of a file by name."""

from __future__ import annotations

import contextlib
import inspect
import json
import warnings
from collections.abc import Iterator

from trainer.analysis import raw_rows
from trainer.config.data_spec import Column, DataSpec
from trainer.data.uploads.tables.csv.columns import MISSING
from trainer.data.uploads.tables.numbers.formats import CLEANING, FORMATS


def with_named_inputs(model, spec: DataSpec):
    """Returns a table's model with one named input per column, and the same predictions.

    Args:
        model: keras.Model of (batch, columns), see `Column`.
        spec: of its data.

    Returns:
        keras.Model of what `row_reader` takes.
    """
    import keras

    reader = row_reader(spec, {model.name})
    with without_name_warning():
        return keras.Model(reader.input, model(reader.output), name=f"{model.name}_of_rows")


def row_reader(spec: DataSpec, taken: set[str] = frozenset()):
    """Returns a model that turns a table's columns into the rows that the trained model takes.

    Args:
        spec: of the data.
        taken: layer names that are already in use.

    Returns:
        keras.Model of a dictionary, column → numbers float32 (batch, 1), NaN where they are missing, or categories
        as strings (batch, 1), "" where they are missing; to float32 (batch, columns), see `Column`.
    """
    import keras

    taken = set(taken)

    def unused(name: str) -> str:
        while name in taken or not name:
            name += "_"
        taken.add(name)
        return name

    # Keras allows no slash in a layer's name. The dictionary that callers pass still uses the column's name.
    inputs = {
        column.name: keras.Input(
            (1,), dtype="float32" if column.kind == "number" else "string", name=unused(column.name.replace("/", "∕"))
        )
        for column in spec.columns
    }
    codes = [
        inputs[column.name] if column.kind == "number" else category_codes(inputs[column.name], column, unused)
        for column in spec.columns
    ]
    rows = keras.layers.Concatenate(name=unused("rows"))(codes) if len(codes) > 1 else codes[0]
    with without_name_warning():
        return keras.Model(inputs, rows, name=unused("reader"))


@contextlib.contextmanager
def without_name_warning() -> Iterator[None]:
    """Silences the warning of Keras about a column whose input has another name, because of a slash."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
        yield


def category_codes(text, column: Column, unused):
    """Returns a category's codes, float32 (batch, 1), from its strings.

    Args:
        text: string (batch, 1).
        column: the category.
        unused: function (name) that returns a unique layer name.
    """
    import keras
    import numpy as np

    values = [value for value in column.vocabulary if value]
    lookup = keras.layers.StringLookup(
        vocabulary=["", *values], num_oov_indices=1, mask_token=None, name=unused("values")
    )
    code_of = codes_by_value(column)
    # The first code is for unknown values, the second for missing ones.
    codes = np.array([0, *(code_of[value] for value in ("", *values))], np.float32)
    return keras.ops.take(codes, lookup(text))


def codes_by_value(column: Column) -> dict[str, float]:
    """Returns the code of each value of a category; "" stands for a missing one. Any other value has code 0."""
    codes = {value: float(index) for index, value in enumerate(column.vocabulary, start=1)}
    return codes | {"": column.fill}


def describe_rows(spec: DataSpec) -> str:
    """Returns the inputs and classes of the model, as JSON for `raw_rows.py`."""
    rows = {"task": spec.task, "inputs": [describe_column(column) for column in spec.columns]}
    rows |= {"classes": list(spec.class_names), "missing": MISSING, "cleaning": CLEANING}
    return json.dumps(rows, indent=2)


def describe_column(column: Column) -> dict:
    """Returns how a column's values are written in the file."""
    if column.kind == "category":
        values = [value for value in column.vocabulary if value]
        return {"name": column.name, "kind": column.kind, "values": values}
    how = FORMATS[column.number_format]
    return {"name": column.name, "kind": column.kind, "pattern": how.pattern, "replacements": how.replacements}


def row_files(spec: DataSpec) -> dict[str, str]:
    """Returns the files that turn raw rows into a table model's inputs, by name."""
    return {"rows.json": describe_rows(spec), "raw_rows.py": inspect.getsource(raw_rows)}
