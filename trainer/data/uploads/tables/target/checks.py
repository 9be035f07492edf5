"""Checks of a table's target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.classes import check_classes
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding
from trainer.data.uploads.tables.columns.checks import LARGEST, where
from trainer.data.uploads.tables.columns.kinds import FEWEST_ROWS, MOST_CATEGORIES, MOSTLY_DIFFERENT
from trainer.data.uploads.tables.columns.rounding import note_rounding
from trainer.data.uploads.tables.columns.summary import MOST_CLASSES, ColumnSummary, count_values
from trainer.data.uploads.tables.table import Table

#: A label that lies this many times the others' range away from them, in at most this part of the rows, is odd.
FAR, RARE = 3, 0.01

#: What a label of a multilabel task may be as text.
YES_AND_NO = ("1", "true", "yes", "0", "false", "no")


def check_target(table: Table, summary: ColumnSummary, task: str) -> list[Finding]:
    """Returns what is wrong with the target of a classification or a regression.

    Args:
        table: as it was read.
        summary: of the target.
        task: "classification" or "regression".
    """
    present = summary.rows - summary.missing
    findings = []
    if not present:
        return [error(summary, "The target has no value in any row. Choose another column.")]
    if summary.missing:
        message = (
            f"The target is missing in {summary.missing:,} of {summary.rows:,} rows, which are left out: the first is "
            f"{table.place(first_missing(table, summary.name))}."
        )
        findings.append(Finding("warning", where(summary), message, summary.missing))
    if summary.unique == 1:
        return [
            *findings,
            error(summary, "The target is the same in every row, so there is nothing to learn. Choose another column."),
        ]
    if summary.kind == "date":
        return [*findings, error(summary, "The target holds dates or times. Choose a column of numbers or classes.")]
    if task == "regression":
        return findings + check_regression(table, summary)
    most = MOSTLY_DIFFERENT * present
    if (summary.unique > most and present >= FEWEST_ROWS) or summary.unique > MOST_CATEGORIES:
        message = (
            f"The target looks like {'free text' if summary.kind == 'text' else 'an identifier'}, not like classes: "
            f"{summary.unique:,} different values in {present:,} rows. Choose another column"
        )
        message += ", or the task regression." if summary.is_number else "."
        return [*findings, error(summary, message)]
    return findings + check_labels(table, summary)


def note_guessed_task(summary: ColumnSummary, task: str) -> list[Finding]:
    """Returns a note where whole numbers could be classes as well as amounts, with the other choice."""
    if not summary.is_whole or summary.unique <= 2 or summary.unique > MOST_CLASSES:
        return []
    values = f"Its {summary.unique:,} different whole numbers, {summary.minimum:.10g} to {summary.maximum:.10g}, are"
    if task == "classification":
        message = f"{values} taken as classes. If they are ratings, counts or amounts, predict a number instead."
        change = Change("Predict a number", {"task": "regression"})
    else:
        message = f"{values} predicted as a number, because there are few rows. If they are classes, predict classes."
        change = Change("Predict classes", {"task": "classification"})
    return [Finding("note", where(summary), message, changes=(change,))]


def error(summary: ColumnSummary, message: str) -> Finding:
    """Returns an error about a target."""
    return Finding("error", where(summary), message, summary.rows)


def first_missing(table: Table, name: str) -> int:
    """Returns the first row in which a column has no value."""
    return pc.index(pc.is_null(table.data[name]), True).as_py()


def check_regression(table: Table, summary: ColumnSummary) -> list[Finding]:
    """Returns what is wrong with a target that should be a number."""
    if not summary.is_number:
        value = table.data[summary.name].drop_null()[0].as_py()
        message = (
            f"The target of a regression must be a number. Received: {quoted(value)}. Choose the task classification."
        )
        return [error(summary, message)]
    if summary.kind == "identifier":
        message = (
            "The target looks like an identifier: it is different in every row, and named so. Choose another column."
        )
        return [error(summary, message)]
    numbers = table.data[summary.name].to_numpy()
    rows = np.flatnonzero(np.abs(numbers) > LARGEST)
    if not len(rows):
        return note_rounding(summary, table.data[summary.name])
    message = (
        f"{len(rows):,} of the target's values are infinite or larger than 32-bit numbers can be ({LARGEST:.2g}): "
        f"{numbers[rows[0]]:g} on {table.place(int(rows[0]))}. Correct or empty them."
    )
    return [Finding("error", where(summary), message, len(rows))]


def check_labels(table: Table, summary: ColumnSummary) -> list[Finding]:
    """Returns what is wrong with classes: single or uneven ones, and labels far from all others."""
    counts = count_values(table.data[summary.name].drop_null())
    values, rows = counts["value"].to_pylist(), counts["count"].to_pylist()
    names = [f"{value:.10g}" for value in values] if summary.is_number else values
    findings = check_classes(dict(zip(names, rows, strict=True)), where(summary), "row")
    if summary.is_number and len(values) > 2:
        findings += check_range(table, summary, np.array(values), np.array(rows))
    return findings


def check_range(table: Table, summary: ColumnSummary, labels: np.ndarray, rows: np.ndarray) -> list[Finding]:
    """Returns a warning for labels out of the range of all others: 255 beside 0 to 9, or -1 beside 0 to 2."""
    order = np.argsort(labels)
    labels, rows = labels[order], rows[order]
    findings = []
    for place, others in ((0, labels[1:]), (-1, labels[:-1])):
        gap = np.min(np.abs(others - labels[place]))
        is_far = gap > FAR * max(others[-1] - others[0], 1) and rows[place] <= max(1, RARE * rows.sum())
        is_unknown = (
            place == 0 and labels[0] == -1 and np.array_equal(others, np.arange(len(others))) and len(others) > 2
        )
        if is_far or is_unknown:
            row = pc.index(table.data[summary.name], labels[place]).as_py()
            message = (
                f"The label {labels[place]:.10g} is out of the range of all others, {others[0]:.10g} to "
                f"{others[-1]:.10g}: {rows[place]:,} rows, first on {table.place(row)}. If it stands for “unknown”, "
                "empty it there."
            )
            findings.append(Finding("warning", where(summary), message, int(rows[place])))
    return findings


def check_multilabel(table: Table, summaries: Sequence[ColumnSummary]) -> list[Finding]:
    """Returns what is wrong with several targets, each of which must be 0 or 1, or true or false."""
    findings = []
    for summary in summaries if len(summaries) > 1 else ():
        values = table.data[summary.name]
        if summary.missing:
            message = f"The target is missing in {summary.missing:,} rows, which are left out."
            findings.append(Finding("warning", where(summary), message, summary.missing))
        allowed = pa.array([0.0, 1.0] if summary.is_number else YES_AND_NO)
        written = values if summary.is_number else pc.utf8_lower(values.cast(pa.string()))
        wrong = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(written, allowed)))
        if count := pc.sum(wrong).as_py() or 0:
            row = pc.index(wrong, True).as_py()
            message = (
                f"Each label of a multilabel task must be 0 or 1. Received: {quoted(values[row].as_py())} on "
                f"{table.place(row)}{f', and {count - 1:,} more' if count > 1 else ''}. Correct them, or take the "
                "column out of the targets."
            )
            findings.append(Finding("error", where(summary), message, count))
        elif summary.unique < 2:
            message = "This label is the same in every row, so there is nothing to learn from it. Take it out."
            findings.append(Finding("warning", where(summary), message, summary.rows))
    return findings
