"""The rows of a table as examples to train on: inputs, and classes, numbers or labels to predict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.config.data_spec import Column, DataSpec
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.tables.numbers.formats import PLAIN
from trainer.data.uploads.tables.table import Table
from trainer.data.uploads.tables.target.checks import YES
from trainer.data.uploads.tables.target.choices import Choices
from trainer.data.values import Arrays
from trainer.errors import ConfigError, DataError

#: The largest number of classes or labels.
MOST_CLASSES = 1000
SEPARATORS = (";", "|")


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
    fills = {"number": missing_numbers, "category": missing_categories}
    kept = np.ones(len(table.data), bool)
    for column in targets + [summary.name for summary in choices.inputs if fills[summary.kind] == "drop"]:
        if table.data[column].null_count:
            kept &= pc.is_valid(table.data[column]).to_numpy()
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
            fill = "mean" if missing_numbers == "mean" else "median"
            decision = table.decisions.get(summary.name)
            options = {"number_format": decision.format if decision else PLAIN}
        else:
            fill = "most_frequent" if missing_categories == "most_frequent" else "missing"
            vocabulary, x[:, place] = encode_category(values)
            options = {"vocabulary": vocabulary, "is_raw": True}
        columns.append(Column(summary.name, summary.kind, fill_with=fill, missing=values.null_count, **options))
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


def encode_category(values: pa.ChunkedArray) -> tuple[tuple[str, ...], np.ndarray]:
    """Returns the values of a category, most frequent first, and each row's code, float32 (rows,), from 1.

    Args:
        values: string (rows,); a missing value is "".
    """
    text = pc.fill_null(values.cast(pa.string()), "")
    counted = text.value_counts()
    order = pc.sort_indices(counted, sort_keys=[("counts", "descending"), ("values", "ascending")])
    vocabulary = counted.field("values").take(order)
    return tuple(vocabulary.to_pylist()), pc.index_in(text, value_set=vocabulary).to_numpy() + 1


def read_answers(choices: Choices, columns: Sequence[pa.ChunkedArray]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns what is to be predicted, and the sorted names of the classes or labels; for a number none.

    Args:
        choices: the task and the targets.
        columns: the targets' values, none of them missing.

    Returns:
        int64 (rows,) indices of classes, float64 (rows,) numbers, or float32 (rows, labels) of 0 and 1.

    Raises:
        ConfigError: the task does not fit the values.
    """
    if choices.task == "regression":
        return columns[0].to_numpy(), ()
    names = [target.name for target in choices.targets]
    if choices.task == "classification":
        return as_classes(quoted(names[0]), columns[0])
    if len(columns) == 1:
        return split_labels(quoted(names[0]), columns[0])
    return np.stack([as_label(values) for values in columns], axis=1), tuple(names)


def as_classes(name: str, values: pa.ChunkedArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns each value's index among the different ones, and those as text, sorted; numbers by size."""
    found = pc.unique(values)
    classes = found.take(pc.sort_indices(found))
    if not 2 <= len(classes) <= MOST_CLASSES:
        what = "one value alone" if len(classes) < 2 else f"{len(classes):,} different values"
        is_number = len(classes) > 1 and pa.types.is_floating(values.type)
        raise ConfigError(
            f"target (dataset csv) must have 2 to {MOST_CLASSES:,} classes. Received: the column {name}, which has "
            f"{what}. {'Choose the task regression' if is_number else 'Choose another target'}.",
            "target",
        )
    places = pc.index_in(values, value_set=classes).to_numpy().astype(np.int64)
    return places, tuple(label_of(value) for value in classes.to_pylist())


def label_of(value: object) -> str:
    """Returns a class as text: 3 for 3.0."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def as_label(values: pa.ChunkedArray) -> np.ndarray:
    """Returns a column of 0 and 1, or of true and false, as float32 (rows,)."""
    # `check_multilabel` has refused other values.
    if not pa.types.is_floating(values.type):
        values = pc.is_in(pc.utf8_lower(pc.cast(values, pa.string())), value_set=pa.array(YES))
    return values.to_numpy().astype(np.float32)


def split_labels(name: str, values: pa.ChunkedArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns labels in one column, such as red;green, as float32 (rows, labels), and their sorted names."""
    texts = pc.unique(values).to_pylist()
    separator = max(SEPARATORS, key=lambda mark: sum(mark in text for text in texts))
    sets = {text: {label.strip() for label in text.split(separator)} - {""} for text in texts}
    names = sorted(set().union(*sets.values()))
    if not 2 <= len(names) <= MOST_CLASSES:
        raise ConfigError(
            f"target (dataset csv) must have 2 to {MOST_CLASSES:,} labels, with ; or | between those of a row. "
            f"Received: the column {name}, which has {len(names):,}. Choose another target, or the task "
            "classification.",
            "target",
        )
    table = np.array([[label in sets[text] for label in names] for text in texts], np.float32)
    return table[pc.index_in(values, value_set=pa.array(texts)).to_numpy()], tuple(names)
