"""What the targets in a file of arrays are: classes, numbers, or several labels at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainer.data.uploads.arrays.file import Header, shown_shape
from trainer.data.uploads.classes import check_classes
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Finding, error, note, warning

Task = Literal["auto", "classification", "regression", "multilabel"]
MOST_CLASSES = 10_000
#: Whole numbers are classes unless there are many different ones for the number of rows.
FEW_CLASSES = 100
_SURELY_CLASSES = 20


@dataclass(frozen=True)
class Targets:
    """The targets of all parts, in the form that training takes.

    Attributes:
        task: "classification", "regression" or "multilabel"; "" where an error is among the findings.
        values: per part int64 (n,) indices of `class_names`, float32 (n,) numbers, or float32 (n, labels).
        class_names: of classes or labels.
        findings: on the targets.
    """

    task: str
    values: Mapping[str, np.ndarray]
    class_names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_targets(headers: Mapping[str, Header], values: Mapping[str, np.ndarray], task: Task = "auto") -> Targets:
    """Makes targets of raw arrays.

    Args:
        headers: of each part's array, for messages.
        values: each part's array; "train" decides what they are.
        task: their task; "auto": guessed.
    """
    flat = {part: flatten(array) for part, array in values.items()}
    train, place = flat["train"], headers["train"].place
    for part, array in flat.items():
        if problem := problem_of(array, train, task):
            return failed(headers[part].place, problem)
    if train.ndim == 2:
        is_one_hot = all((array.sum(axis=1) == 1).all() for array in flat.values())
        if task == "multilabel" or (task == "auto" and not is_one_hot):
            labels = tuple(f"label {place}" for place in range(train.shape[1]))
            numbers = {part: array.astype(np.float32) for part, array in flat.items()}
            return Targets("multilabel", numbers, labels, tuple(check_labels(place, numbers["train"])))
        if not is_one_hot:
            return failed(
                place,
                "Each row must have a single 1 for its class (one-hot). Received: rows with none or several. "
                "Correct them, or choose the task multilabel.",
            )
        names = [str(column) for column in range(train.shape[1])]
        return as_classes(
            headers, {part: array.argmax(axis=1) for part, array in flat.items()}, np.arange(len(names)), names
        )
    if task == "multilabel":
        return failed(
            place,
            f"Several labels need one column of 0 and 1 for each label. Received: shape {headers['train'].shape}. "
            "Give y that shape, or choose another task.",
        )
    if task == "regression" or (task == "auto" and looks_like_numbers(train)):
        return as_numbers(place, flat, task)
    findings: Sequence[Finding] = ()
    if train.dtype.kind == "f":
        fractions = np.flatnonzero(train != np.floor(train))
        if len(fractions):
            row = int(fractions[0])
            return failed(
                place,
                f"Labels of classes must be whole numbers. Received: {train[row]} in row {row}. Correct it, or choose "
                "the task regression.",
            )
        if task == "auto":
            message = "The only values are 0 and 1: taken as two classes. Choose the task regression for a number."
            findings = (note(place, message),)
    classes = np.unique(train)
    return as_classes(headers, flat, classes, [class_name(value) for value in classes], findings)


def flatten(array: np.ndarray) -> np.ndarray:
    """Returns (n, 1) as (n,) and other shapes as they are; bytes as text, and numbers in native byte order."""
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
    # numpy takes any four bytes for a character; Python fails on impossible ones.
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


def check_labels(place: str, labels: np.ndarray) -> Iterator[Finding]:
    """Yields the finding on labels that all examples have, or none."""
    same = np.flatnonzero(labels.min(axis=0) == labels.max(axis=0))
    if len(same):
        columns = ", ".join(map(str, same[:10].tolist())) + (", …" if len(same) > 10 else "")
        level = error if len(same) == labels.shape[1] else warning
        text = "the same for all examples, so there is nothing to learn from it. Leave it out, or add more examples."
        yield level(place, f"Label {columns}: {text}", len(same))


def class_name(value: object) -> str:
    """Returns the name of a class: 3 for 3.0, and text on one line."""
    return plain_name(int(value) if isinstance(value, np.floating) else value, 80) or "(empty)"


def as_numbers(place: str, flat: Mapping[str, np.ndarray], task: Task) -> Targets:
    """Returns targets of a regression."""
    findings, train = [], flat["train"].astype(np.float64)
    if task == "auto" and (flat["train"] == np.floor(flat["train"])).all():
        message = f"{len(np.unique(train)):,} different whole numbers: taken as a number to predict. "
        findings.append(note(place, f"{message}Choose the task classification if they are classes."))
    if train.min() == train.max():
        message = f"All targets are {train[0]:g}: there is nothing to predict. Use targets that differ."
        findings.append(error(place, message))
    values = {part: array.astype(np.float32) for part, array in flat.items()}
    return Targets("regression", values, findings=tuple(findings))


def as_classes(
    headers: Mapping[str, Header],
    flat: Mapping[str, np.ndarray],
    classes: np.ndarray,
    names: list[str],
    findings: Sequence[Finding] = (),
) -> Targets:
    """Returns targets of a classification: each value's index among the training split's sorted values."""
    findings, coded, place = list(findings), {}, headers["train"].place
    is_text = classes.dtype.kind in "US"
    if len(classes) > MOST_CLASSES or (is_text and len(classes) > len(flat["train"]) / 2 > 10):
        what = "different texts" if is_text else "different values"
        return failed(
            place,
            f"There are {len(classes):,} {what} in {len(flat['train']):,} rows, which is too many for classes: they "
            "look like names or numbers of examples. Choose another array for y, or the task regression.",
        )
    for part, array in flat.items():
        coded[part] = np.searchsorted(classes, array).clip(0, len(classes) - 1)
        wrong = np.flatnonzero(classes[coded[part]] != array)
        if len(wrong):
            return failed(
                headers[part].place,
                f"The label {quoted(array[wrong[0]])} in row {wrong[0]:,} is none of the {len(classes)} classes in "
                f"{quoted(headers['train'].name)}, and {len(wrong):,} labels are not. Correct them, or remove the "
                "rows.",
            )
    if classes.dtype.kind in "iu" and (len(classes) != classes[-1] + 1 or classes[0] != 0):
        message = f"The labels are {len(classes)} whole numbers from {classes[0]} to {classes[-1]}, not 0 to "
        message += f"{len(classes) - 1}: each is a class of its own and keeps its number as its name."
        findings.append(note(place, message))
    counts = dict(zip(names, np.bincount(coded["train"], minlength=len(names)).tolist(), strict=True))
    findings += check_classes(counts, place, "example")
    return Targets("classification", coded, tuple(names), tuple(findings))


def failed(place: str, message: str) -> Targets:
    """Returns targets that cannot be used, with the error."""
    return Targets("", {}, findings=(error(place, message),))
