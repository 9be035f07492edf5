"""One array of targets: what it looks like, and why it may not do."""

from __future__ import annotations

import sys
from typing import Literal

import numpy as np

from trainer.data.uploads.arrays.npy import shown_shape
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.report import Finding

Task = Literal["auto", "classification", "regression", "multilabel"]
#: Whole numbers count as classes as long as there are not many different ones for the number of rows.
FEW_CLASSES = 100
_SURELY_CLASSES = 20


def flatten(array: np.ndarray) -> np.ndarray:
    """Returns (n, 1) as (n,), and two columns or more as they are; text and truth values as such."""
    array = array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array
    if array.dtype.kind == "S":
        return np.array([value.decode("utf-8", "replace") for value in array.reshape(-1)]).reshape(array.shape)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def problem_of(array: np.ndarray, train: np.ndarray, task: Task) -> str | None:
    """Returns why an array cannot be targets, as sentences, or None."""
    if array.ndim > 2 or array.shape[1:] != train.shape[1:]:
        return (
            "Targets must be one number, class or row of labels for each example, the same for all parts. "
            f"Received: shape {shown_shape(array.shape)}. Reshape it."
        )
    # numpy takes any four bytes for a character, and Python stumbles over what is none.
    if array.dtype.kind == "U" and np.ascontiguousarray(array).view(np.uint32).max() > sys.maxunicode:
        return "There is text with characters that do not exist: it is damaged. Save it again with numpy.savez."
    if array.dtype.kind in "fc":
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            return (
                f"Targets must be finite numbers. Received: {array[tuple(wrong[0])]} in row {wrong[0][0]:,}, and "
                f"{len(wrong):,} such in all. Correct them or remove the rows."
            )
        if np.abs(array).max() > np.finfo(np.float32).max:
            return f"Targets must fit float32. Received: {np.abs(array).max()}. Divide them by a power of ten."
    if array.ndim == 2:
        wrong = np.argwhere(~((array == 0) | (array == 1))) if array.dtype.kind not in "US" else np.zeros((1, 2), int)
        if len(wrong):
            row, column = wrong[0]
            return (
                f"Several columns of targets must be 0 and 1, one column per class or label. Received: "
                f"{plain_name(array[row, column])} in row {row:,}, column {column:,}. Keep one column, or save "
                "y.argmax(axis=1) if these are probabilities of classes."
            )
    if array.dtype.kind in "US" and task == "regression":
        return "The task regression needs numbers. Received: text. Choose the task classification."
    return None


def looks_like_numbers(values: np.ndarray) -> bool:
    """Returns whether targets are numbers to predict rather than classes."""
    if values.dtype.kind == "f":
        return not ((values == 0) | (values == 1)).all()
    if values.dtype.kind in "iu":
        different = len(np.unique(values))
        return different > len(values) / (2 if different <= FEW_CLASSES else 20) and different > _SURELY_CLASSES
    return False


def check_labels(place: str, labels: np.ndarray) -> tuple[Finding, ...]:
    """Returns the warnings on labels that all examples have, or none."""
    same = np.flatnonzero(labels.min(axis=0) == labels.max(axis=0))
    if not len(same):
        return ()
    columns = ", ".join(map(str, same[:10].tolist())) + (", …" if len(same) > 10 else "")
    level = "error" if len(same) == labels.shape[1] else "warning"
    text = "the same for all examples, so there is nothing to learn from it. Leave it out, or add more examples."
    return (Finding(level, place, f"Label {columns}: {text}", len(same)),)


def class_name(value: object) -> str:
    """Returns how a class is called: 3 for 3.0, and text on one line."""
    if isinstance(value, np.floating):
        value = int(value)
    return plain_name(value, 80) or "(empty)"
