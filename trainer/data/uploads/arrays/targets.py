"""What the targets in a file of arrays are: classes, numbers, or several labels at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer.data.uploads.arrays.npy import Header
from trainer.data.uploads.arrays.target_arrays import (
    Task,
    check_labels,
    class_name,
    flatten,
    looks_like_numbers,
    problem_of,
)
from trainer.data.uploads.classes import check_classes
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding

MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Targets:
    """The targets of all parts, in the form that training takes.

    Attributes:
        task: "classification", "regression" or "multilabel"; "" where an error is among the findings.
        values: for each part int64 (n,) places in `class_names`, float32 (n,) numbers, or float32 (n, labels).
        class_names: of classes or labels.
        findings: what was found.
    """

    task: str
    values: Mapping[str, np.ndarray]
    class_names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_targets(headers: Mapping[str, Header], values: Mapping[str, np.ndarray], task: Task = "auto") -> Targets:
    """Makes targets of arrays as they come.

    Args:
        headers: of each part's array, for messages.
        values: each part's array; "train" decides what they are.
        task: what they are to be; "auto": what they look like.
    """
    flat = {part: flatten(array) for part, array in values.items()}
    train, place = flat["train"], headers["train"].place
    for part, array in flat.items():
        problem = problem_of(array, train, task)
        if problem:
            return failed(headers[part].place, problem)
    note = None
    if train.ndim == 2:
        is_one_hot = all((array.sum(axis=1) == 1).all() for array in flat.values())
        if task == "multilabel" or (task == "auto" and not is_one_hot):
            labels = tuple(f"label {place}" for place in range(train.shape[1]))
            numbers = {part: array.astype(np.float32) for part, array in flat.items()}
            return Targets("multilabel", numbers, labels, check_labels(place, numbers["train"]))
        if not is_one_hot:
            return failed(
                place,
                "Each row must have a single 1 for its class (one-hot). Received: rows with none or several. "
                "Correct them, or choose the task multilabel.",
            )
        flat = {part: array.argmax(axis=1) for part, array in flat.items()}
        names = [str(column) for column in range(train.shape[1])]
        return as_classes(headers, flat, np.arange(train.shape[1]), names)
    if task == "multilabel":
        return failed(
            place,
            f"Several labels need one column of 0 and 1 for each label. Received: shape {headers['train'].shape}. "
            "Give y that shape, or choose another task.",
        )
    if task == "regression" or (task == "auto" and looks_like_numbers(train)):
        if train.dtype.kind in "US":
            return failed(place, "The task regression needs numbers. Received: text. Choose the task classification.")
        if task == "auto":
            note = number_note(place, train)
        return as_numbers(headers, flat, note)
    if train.dtype.kind == "f" and (train != np.floor(train)).any():
        row = int(np.flatnonzero(train != np.floor(train))[0])
        return failed(
            place,
            f"Labels of classes must be whole numbers. Received: {train[row]} in row {row}. Correct it, or choose "
            "the task regression.",
        )
    if train.dtype.kind == "f" and task == "auto":
        note = Finding(
            "note", place, "The only values are 0 and 1: taken as two classes. Choose the task regression for a number."
        )
    classes = np.unique(train)
    names = [class_name(value) for value in classes]
    return as_classes(headers, flat, classes, names, note)


def number_note(place: str, values: np.ndarray) -> Finding | None:
    """Returns the note on numbers that might as well be classes."""
    if (values == np.floor(values)).all():
        different = len(np.unique(values))
        return Finding(
            "note",
            place,
            f"{different:,} different whole numbers: taken as a number to predict. Choose the task classification if "
            "they are classes.",
        )
    return None


def as_numbers(headers: Mapping[str, Header], flat: Mapping[str, np.ndarray], note: Finding | None) -> Targets:
    """Returns targets of a regression."""
    findings = [note] if note else []
    train = flat["train"].astype(np.float64)
    if train.min() == train.max():
        findings.append(
            Finding(
                "error",
                headers["train"].place,
                f"All targets are {train[0]:g}: there is nothing to predict. Use targets that differ.",
            )
        )
    return Targets(
        "regression", {part: array.astype(np.float32) for part, array in flat.items()}, findings=tuple(findings)
    )


def as_classes(
    headers: Mapping[str, Header],
    flat: Mapping[str, np.ndarray],
    classes: np.ndarray,
    names: list[str],
    note: Finding | None = None,
) -> Targets:
    """Returns targets of a classification: each value's place among the training split's sorted values."""
    findings, coded, place = [note] if note else [], {}, headers["train"].place
    if len(classes) > MOST_CLASSES or (classes.dtype.kind in "US" and len(classes) > len(flat["train"]) / 2 > 10):
        what = "different texts" if classes.dtype.kind in "US" else "different values"
        return failed(
            place,
            f"There are {len(classes):,} {what} in {len(flat['train']):,} rows, which is too many for classes: they "
            "look like names or numbers of examples. Choose another array for y, or the task regression.",
        )
    for part, array in flat.items():
        places = np.searchsorted(classes, array).clip(0, len(classes) - 1)
        wrong = np.flatnonzero(classes[places] != array)
        if len(wrong):
            return failed(
                headers[part].place,
                f"The label {quoted(array[wrong[0]])} in row {wrong[0]:,} is none of the {len(classes)} classes in "
                f"{quoted(headers['train'].name)}, and {len(wrong):,} labels are not. Correct them, or remove the "
                "rows.",
            )
        coded[part] = places
    if classes.dtype.kind in "iu" and (len(classes) != classes[-1] + 1 or classes[0] != 0):
        span = f"{classes[0]} to {classes[-1]}"
        findings.append(
            Finding(
                "note",
                place,
                f"The labels are {len(classes)} whole numbers from {span}, not 0 to {len(classes) - 1}: each is a "
                "class of its own and keeps its number as its name.",
            )
        )
    counts = dict(zip(names, np.bincount(coded["train"], minlength=len(names)).tolist(), strict=True))
    findings += check_classes(counts, place, "example")
    return Targets("classification", coded, tuple(names), tuple(findings))


def failed(place: str, message: str) -> Targets:
    """Returns targets that cannot be used, with the error."""
    return Targets("", {}, findings=(Finding("error", place, message),))
