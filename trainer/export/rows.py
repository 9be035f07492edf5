"""A model of a table as others use it: it takes columns of a file by their names."""

from __future__ import annotations

import contextlib
import inspect
import json
import warnings
from collections.abc import Iterator

from trainer.config.data_spec import Column, DataSpec
from trainer.data.uploads.tables.csv.cells import MISSING
from trainer.data.uploads.tables.numbers.formats import CLEANING, FORMATS
from trainer.export import raw_rows


def takes_rows(model, spec: DataSpec):
    """Returns a model with one named input for each column in front of a table's model.

    It gives the same predictions.

    Args:
        model: keras.Model of (batch, columns), see `Column`.
        spec: of its data.

    Returns:
        keras.Model of what `row_reader` takes.
    """
    import keras

    reader = row_reader(spec, {model.name})
    with quiet():
        return keras.Model(reader.input, model(reader.output), name=f"{model.name}_of_rows")


def row_reader(spec: DataSpec, taken: set[str] = frozenset()):
    """Returns a model that makes of a table's rows what training gets of them.

    Args:
        spec: of the data.
        taken: names that its layers must not have.

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

    # Keras allows no slash in a layer's name; what the caller gives is named by the column all the same.
    inputs = {
        column.name: keras.Input(
            (1,), dtype="float32" if column.kind == "number" else "string", name=unused(column.name.replace("/", "∕"))
        )
        for column in spec.columns
    }
    codes = [
        inputs[column.name] if column.kind == "number" else to_codes(inputs[column.name], column, unused)
        for column in spec.columns
    ]
    rows = keras.layers.Concatenate(name=unused("rows"))(codes) if len(codes) > 1 else codes[0]
    with quiet():
        return keras.Model(inputs, rows, name=unused("reader"))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps Keras from telling that a column with a slash in its name is an input of another name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
        yield


def to_codes(text, column: Column, unused):
    """Returns a category's codes, float32 (batch, 1), from its strings.

    Args:
        text: string (batch, 1).
        column: the category.
        unused: gives a layer a name that no other has.
    """
    import keras
    import numpy as np

    values = [value for value in column.vocabulary if value]
    lookup = keras.layers.StringLookup(
        vocabulary=["", *values], num_oov_indices=1, mask_token=None, name=unused("values")
    )
    code_of = {value: place for place, value in enumerate(column.vocabulary, start=1)}
    # The first is any other value's code, the second that of a missing one.
    codes = np.array([0, column.fill, *(code_of[value] for value in values)], np.float32)
    return keras.ops.take(codes, lookup(text))


def describe_rows(spec: DataSpec) -> str:
    """Returns what the model takes and gives, as JSON for `raw_rows.py`."""
    rows = {"task": spec.task, "inputs": [describe_column(column) for column in spec.columns]}
    rows |= {"classes": list(spec.class_names), "missing": MISSING, "cleaning": CLEANING}
    return json.dumps(rows, indent=2)


def describe_column(column: Column) -> dict:
    """Returns how a column's values are written."""
    if column.kind == "category":
        values = [value for value in column.vocabulary if value]
        return {"name": column.name, "kind": column.kind, "values": values}
    how = FORMATS[column.number_format]
    return {"name": column.name, "kind": column.kind, "pattern": how.pattern, "replacements": how.replacements}


def beside_rows(spec: DataSpec) -> dict[str, str]:
    """Returns the files that go with a table's model, by name: what makes its inputs of raw rows."""
    return {"rows.json": describe_rows(spec), "raw_rows.py": inspect.getsource(raw_rows)}
