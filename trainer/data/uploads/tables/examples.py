"""The rows of a table as examples to train on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.config.data_spec import Column, DataSpec
from trainer.data.uploads.tables.columns.summary import ColumnSummary
from trainer.data.uploads.tables.numbers.formats import PLAIN
from trainer.data.uploads.tables.table import Table
from trainer.data.uploads.tables.target.choices import Choices
from trainer.data.uploads.tables.target.values import read_answers
from trainer.data.values import Arrays
from trainer.errors import DataError


def make_examples(
    table: Table, choices: Choices, *, name: str, missing_numbers: str = "median", missing_categories: str = "missing"
) -> tuple[DataSpec, Arrays]:
    """Makes examples of a table's rows.

    Args:
        table: the table; its numbers are finite in float32.
        choices: what is predicted from what.
        name: of the file, for people.
        missing_numbers: "median" or "mean" of the training split, or "drop": such rows are not used.
        missing_categories: "missing" is a value of its own, or "most_frequent", or "drop".

    Raises:
        ConfigError: the target's values do not fit the task.
        DataError: fewer than two rows are left.
    """
    targets = [summary.name for summary in choices.targets]
    wishes = {"number": missing_numbers, "category": missing_categories}
    needed = targets + [summary.name for summary in choices.inputs if wishes[summary.kind] == "drop"]
    kept = has_values(table, needed)
    if np.count_nonzero(kept) < 2:
        raise DataError(
            f"Fewer than two rows are left of {len(kept):,}: in all others the target or another value is missing. "
            "Fill them in, leave columns out, or choose another way with missing values."
        )
    rows = table.data if kept.all() else table.data.filter(pa.array(kept))
    y, class_names = read_answers(choices, [rows[target] for target in targets])
    x = np.empty((len(rows), len(choices.inputs)), np.float32)
    columns = []
    for place, summary in enumerate(choices.inputs):
        values = rows[summary.name]
        if summary.kind == "number":
            x[:, place] = values.to_numpy()
            fill_with = "mean" if missing_numbers == "mean" else "median"
            decision = table.decisions.get(summary.name)
            columns.append(
                Column(
                    summary.name,
                    "number",
                    fill_with=fill_with,
                    missing=values.null_count,
                    number_format=decision.format if decision else PLAIN,
                )
            )
        else:
            column, x[:, place] = encode_category(summary, values, missing_categories)
            columns.append(column)
    spec = DataSpec(
        task=choices.task,
        input_shape=(len(columns),),
        examples=len(x),
        num_classes=len(class_names) or None,
        class_names=class_names,
        feature_names=tuple(column.name for column in columns),
        standardize=True,
        source=name,
        columns=tuple(columns),
        sha256=table.sha256,
    )
    return spec, Arrays(x, y)


def has_values(table: Table, names: list[str]) -> np.ndarray:
    """Returns in which rows no value of some columns is missing, bool (rows,)."""
    kept = np.ones(len(table.data), bool)
    for name in names:
        if table.data[name].null_count:
            kept &= pc.is_valid(table.data[name]).to_numpy()
    return kept


def encode_category(summary: ColumnSummary, values: pa.ChunkedArray, missing: str) -> tuple[Column, np.ndarray]:
    """Returns a category's raw column, with every value in the file, and its codes, float32 (rows,).

    Args:
        summary: of the column.
        values: string (rows,), null where missing.
        missing: see `make_examples`.
    """
    text = pc.fill_null(values.cast(pa.string()), "")
    counted = text.value_counts()
    order = pc.sort_indices(counted, sort_keys=[("counts", "descending"), ("values", "ascending")])
    vocabulary = counted.field("values").take(order)
    names = tuple(vocabulary.to_pylist())
    codes = pc.index_in(text, value_set=vocabulary).to_numpy() + 1
    fill_with = "most_frequent" if missing == "most_frequent" else "missing"
    column = Column(summary.name, "category", names, fill_with=fill_with, missing=values.null_count, is_raw=True)
    return column, codes
