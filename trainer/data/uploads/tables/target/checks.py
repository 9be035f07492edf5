"""Checks of a table's target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.classes import check_classes
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding, error, note, warning
from trainer.data.uploads.tables.column_checks import LARGEST, note_rounding, where
from trainer.data.uploads.tables.summary import (
    FEWEST_ROWS,
    MOST_CATEGORIES,
    MOST_CLASSES,
    MOSTLY_DIFFERENT,
    ColumnSummary,
    count_values,
)
from trainer.data.uploads.tables.table import Table

#: A label is odd if it is this many times the others' range away from them, in at most this fraction of the rows.
FAR, RARE = 3, 0.01

#: A label of a multilabel task as text.
YES, NO = ("1", "true", "yes"), ("0", "false", "no")


def check_target(table: Table, summary: ColumnSummary, task: str) -> Iterator[Finding]:
    """Yields what is wrong with the target of a classification or a regression.

    Args:
        table: as it was read.
        summary: of the target.
        task: "classification" or "regression".
    """
    present = summary.rows - summary.missing
    if summary.missing and present:
        first = table.place(pc.index(pc.is_null(table.data[summary.name]), True).as_py())
        message = (
            f"The target is missing in {summary.missing:,} of {summary.rows:,} rows, which are left out: the first is "
        )
        yield warning(where(summary), f"{message}{first}.", summary.missing)
    if problem := find_problem(summary, task):
        yield error(where(summary), problem, summary.rows)
    elif task == "regression":
        yield from check_regression(table, summary)
    else:
        yield from check_labels(table, summary)


def find_problem(summary: ColumnSummary, task: str) -> str:
    """Returns why a column cannot be the target at all, or ""."""
    present = summary.rows - summary.missing
    if not present:
        return "The target has no value in any row. Choose another column."
    if summary.unique == 1:
        return "The target is the same in every row, so there is nothing to learn. Choose another column."
    if summary.kind == "date":
        return "The target holds dates or times. Choose a column of numbers or classes."
    is_different = summary.unique > MOSTLY_DIFFERENT * present and present >= FEWEST_ROWS
    if task == "classification" and (is_different or summary.unique > MOST_CATEGORIES):
        kind = "free text" if summary.kind == "text" else "an identifier"
        return (
            f"The target looks like {kind}, not like classes: {summary.unique:,} different values in {present:,} rows. "
            f"Choose another column{', or the task regression' if summary.is_number else ''}."
        )
    if task == "regression" and summary.kind == "identifier" and summary.is_number:
        return "The target looks like an identifier: it is different in every row, and named so. Choose another column."
    return ""


def note_guessed_task(summary: ColumnSummary, task: str) -> Iterator[Finding]:
    """Yields a note, with the other choice, where whole numbers could be classes as well as amounts."""
    if not summary.is_whole or summary.unique <= 2 or summary.unique > MOST_CLASSES:
        return
    values = f"Its {summary.unique:,} different whole numbers, {summary.minimum:.10g} to {summary.maximum:.10g}, are"
    if task == "classification":
        message = f"{values} taken as classes. If they are ratings, counts or amounts, predict a number instead."
        change = Change("Predict a number", {"task": "regression"})
    else:
        message = f"{values} predicted as a number, because there are few rows. If they are classes, predict classes."
        change = Change("Predict classes", {"task": "classification"})
    yield note(where(summary), message, changes=(change,))


def check_regression(table: Table, summary: ColumnSummary) -> Iterator[Finding]:
    """Yields what is wrong with a target that should be a number."""
    values = table.data[summary.name]
    if not summary.is_number:
        value = quoted(values.drop_null()[0].as_py())
        message = f"The target of a regression must be a number. Received: {value}. Choose the task classification."
        yield error(where(summary), message, summary.rows)
        return
    numbers = values.to_numpy()
    rows = np.flatnonzero(np.abs(numbers) > LARGEST)
    if not len(rows):
        yield from note_rounding(summary, values)
        return
    yield error(
        where(summary),
        f"{len(rows):,} of the target's values are infinite or larger than 32-bit numbers can be ({LARGEST:.2g}): "
        f"{numbers[rows[0]]:g} on {table.place(int(rows[0]))}. Correct or empty them.",
        len(rows),
    )


def check_labels(table: Table, summary: ColumnSummary) -> Iterator[Finding]:
    """Yields what is wrong with classes: single or uneven ones, and labels far from all others."""
    counts = count_values(table.data[summary.name].drop_null())
    values, rows = counts["value"].to_pylist(), counts["count"].to_pylist()
    names = [f"{value:.10g}" for value in values] if summary.is_number else values
    yield from check_classes(dict(zip(names, rows, strict=True)), where(summary), "row")
    if summary.is_number and len(values) > 2:
        yield from check_range(table, summary, np.array(values), np.array(rows))


def check_range(table: Table, summary: ColumnSummary, labels: np.ndarray, rows: np.ndarray) -> Iterator[Finding]:
    """Yields a warning for labels out of the range of all others: 255 beside 0 to 9, or -1 beside 0 to 2."""
    order = np.argsort(labels)
    labels, rows = labels[order], rows[order]
    for place, others in ((0, labels[1:]), (-1, labels[:-1])):
        gap = np.min(np.abs(others - labels[place]))
        is_far = gap > FAR * max(others[-1] - others[0], 1) and rows[place] <= max(1, RARE * rows.sum())
        counts_up = len(others) > 2 and np.array_equal(others, np.arange(len(others)))
        if is_far or (place == 0 and labels[0] == -1 and counts_up):
            first = table.place(pc.index(table.data[summary.name], labels[place]).as_py())
            yield warning(
                where(summary),
                f"The label {labels[place]:.10g} is out of the range of all others, {others[0]:.10g} to "
                f"{others[-1]:.10g}: {rows[place]:,} rows, first on {first}. If it stands for “unknown”, empty it "
                "there.",
                int(rows[place]),
            )


def check_multilabel(table: Table, summaries: Sequence[ColumnSummary]) -> Iterator[Finding]:
    """Yields what is wrong with several targets, each of which must be 0 or 1, or true or false."""
    for summary in summaries if len(summaries) > 1 else ():
        values = table.data[summary.name]
        if summary.missing:
            message = f"The target is missing in {summary.missing:,} rows, which are left out."
            yield warning(where(summary), message, summary.missing)
        allowed = pa.array([0.0, 1.0] if summary.is_number else (*YES, *NO))
        written = values if summary.is_number else pc.utf8_lower(values.cast(pa.string()))
        wrong = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(written, allowed)))
        if count := pc.sum(wrong).as_py() or 0:
            row = pc.index(wrong, True).as_py()
            yield error(
                where(summary),
                f"Each label of a multilabel task must be 0 or 1. Received: {quoted(values[row].as_py())} on "
                f"{table.place(row)}{f', and {count - 1:,} more' if count > 1 else ''}. Correct them, or take the "
                "column out of the targets.",
                count,
            )
        elif summary.unique < 2:
            message = "This label is the same in every row, so there is nothing to learn from it. Take it out."
            yield warning(where(summary), message, summary.rows)
