"""What a model of a table is to predict: classes, a number, or several labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.tables.target.choices import Choices
from trainer.errors import ConfigError

#: More different values than this are no classes.
MOST_CLASSES = 1000
SEPARATORS = (";", "|")
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no")


def read_answers(choices: Choices, columns: Sequence[pa.ChunkedArray]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns what is to be predicted, and the names of the classes or labels, sorted; none of a number.

    Args:
        choices: the task and the targets.
        columns: the targets' values, none of them missing.

    Returns:
        int64 (rows,) places among the classes, float64 (rows,) numbers, or float32 (rows, labels) of 0 and 1.

    Raises:
        ConfigError: the task does not fit the values.
    """
    if choices.task == "regression":
        return columns[0].to_numpy(), ()
    if choices.task == "classification":
        return as_classes(quoted(choices.targets[0].name), columns[0])
    if len(columns) == 1:
        return split_labels(quoted(choices.targets[0].name), columns[0])
    names = [target.name for target in choices.targets]
    return np.stack([as_label(*pair) for pair in zip(names, columns, strict=True)], axis=1), tuple(names)


def as_classes(name: str, values: pa.ChunkedArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns each value's place among the different ones, and those as text: sorted, numbers by their size."""
    different = pc.sort_indices(found := pc.unique(values))
    classes = found.take(different)
    if not 2 <= len(classes) <= MOST_CLASSES:
        what = "one value alone" if len(classes) < 2 else f"{len(classes):,} different values"
        remedy = "Choose the task regression" if pa.types.is_floating(values.type) else "Choose another target"
        raise ConfigError(
            f"target (dataset csv) must have 2 to {MOST_CLASSES:,} classes. Received: the column {name}, which has "
            f"{what}. {remedy if len(classes) > 1 else 'Choose another target'}.",
            "target",
        )
    places = pc.index_in(values, value_set=classes).to_numpy().astype(np.int64)
    return places, tuple(label_of(value) for value in classes.to_pylist())


def label_of(value: object) -> str:
    """Returns a class as text: 3 for 3.0."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def as_label(name: str, values: pa.ChunkedArray) -> np.ndarray:
    """Returns a column of 0 and 1, or of true and false, as float32 (rows,)."""
    if pa.types.is_floating(values.type):
        numbers = values.to_numpy()
        wrong = np.flatnonzero((numbers != 0) & (numbers != 1))
    else:
        text = pc.utf8_lower(pc.cast(values, pa.string()))
        numbers = pc.is_in(text, value_set=pa.array(_TRUE)).to_numpy()
        wrong = np.flatnonzero(~(numbers | pc.is_in(text, value_set=pa.array(_FALSE)).to_numpy()))
    if len(wrong):
        raise ConfigError(
            f"target (dataset csv) must name columns of 0 and 1 for the task multilabel. Received: the column "
            f"{quoted(name)}, which holds {quoted(label_of(values[int(wrong[0])].as_py()))}. Correct it, or leave the "
            "column out.",
            "target",
        )
    return numbers.astype(np.float32)


def split_labels(name: str, values: pa.ChunkedArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns labels in one column, such as red;green, as float32 (rows, labels), and their names, sorted."""
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
