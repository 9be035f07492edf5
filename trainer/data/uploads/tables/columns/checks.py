"""Checks of a table's columns, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from trainer.config.data_spec import MOST_VALUES
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding
from trainer.data.uploads.tables.columns.kinds import FEWEST_ROWS
from trainer.data.uploads.tables.columns.rounding import note_rounding
from trainer.data.uploads.tables.columns.summary import ColumnSummary
from trainer.data.uploads.tables.numbers.evidence import is_number
from trainer.data.uploads.tables.table import Table

#: The largest number that 32 bits hold, and the largest whose square they hold too, as a variance needs.
LARGEST, LARGEST_SAFE = float(np.finfo(np.float32).max), 1e18

#: From this part of missing values on, somebody should look; the same of one value that almost all rows have.
MUCH_MISSING, NEARLY_CONSTANT = 0.4, 0.99

#: How many values are looked at to see how a column is written.
_JUDGED = 1000


def where(summary: ColumnSummary) -> str:
    """Returns the place of findings about a column: 'column “sex”'."""
    return f"column {quoted(summary.name)}"


def check_columns(
    table: Table, summaries: Sequence[ColumnSummary], missing_numbers: str, missing_categories: str
) -> list[Finding]:
    """Returns what is to be said about the columns that a model is given, or could be.

    Args:
        table: as it was read.
        summaries: of those columns; the target and what the user left out are not among them.
        missing_numbers: how numbers are filled where they are missing: "median", "mean" or "drop".
        missing_categories: how categories are: "missing", "most_frequent" or "drop".
    """
    fills = {"number": missing_numbers, "category": missing_categories}
    findings = []
    for summary in summaries:
        values = table.data[summary.name]
        if summary.is_feature:
            findings += check_missing(summary, fills[summary.kind])
            findings += check_nearly_constant(summary)
            findings += check_numbers(table, summary, values) if summary.is_number else check_text(summary, values)
        else:
            findings.append(Finding(*_LEFT_OUT[summary.kind](summary)))
    return findings


def _left_out(level: str, sentence: Callable[[ColumnSummary], str]) -> Callable[[ColumnSummary], tuple]:
    return lambda summary: (level, where(summary), f"{sentence(summary)} It is left out.", summary.rows)


_LEFT_OUT = {
    "constant": _left_out(
        "warning",
        lambda summary: (
            "It has the same value in every row that has one, so there is nothing to learn from it."
            if summary.unique
            else "It has no value in any row."
        ),
    ),
    "identifier": _left_out(
        "note",
        lambda summary: (
            f"It looks like an identifier: {summary.unique:,} different values in {summary.rows:,} rows tell rows "
            "apart, and nothing about new ones."
        ),
    ),
    "text": _left_out(
        "note",
        lambda summary: (
            f"It looks like free text: {summary.unique:,} different values in {summary.rows:,} rows. To use it, "
            "replace it by columns of numbers or few categories."
        ),
    ),
    "date": _left_out(
        "note",
        lambda summary: (
            "It holds dates or times. To use it, replace it by numbers such as the month or the days since a date."
        ),
    ),
}


def check_missing(summary: ColumnSummary, fill: str) -> list[Finding]:
    """Returns what to say about missing values, and what is done about them."""
    if not summary.missing:
        return []
    done = {
        "drop": "These rows are left out",
        "missing": "“Missing” is a category of its own",
        "most_frequent": "They are taken for the most frequent value",
    }.get(fill, f"They are filled with the {fill} of the training rows")
    part = summary.missing / summary.rows
    message = f"{summary.missing:,} of {summary.rows:,} values are missing ({part:.1%}). {done}."
    if part <= MUCH_MISSING:
        return [Finding("note", where(summary), message, summary.missing)]
    return [
        Finding(
            "warning",
            where(summary),
            f"{message} Because so many are missing, consider leaving it out.",
            summary.missing,
        )
    ]


def check_nearly_constant(summary: ColumnSummary) -> list[Finding]:
    """Returns a warning where almost all rows have the same value."""
    if not summary.frequent or summary.rows < 5 * FEWEST_ROWS:
        return []
    value, count = summary.frequent[0]
    if count < NEARLY_CONSTANT * (summary.rows - summary.missing):
        return []
    others = summary.rows - summary.missing - count
    message = f"Nearly all rows have {quoted(value)}; only {others:,} differ. Leave it out unless these matter."
    return [Finding("warning", where(summary), message, others)]


def check_numbers(table: Table, summary: ColumnSummary, values: pa.ChunkedArray) -> list[Finding]:
    """Returns what is wrong with numbers: infinite, too large, too close for float32, or a count of the rows."""
    findings = note_rounding(summary, values)
    numbers = values.to_numpy()
    sizes = np.abs(numbers)
    for level, limit, largest, what, remedy in (
        ("error", LARGEST, np.inf, "infinite or larger than 32-bit numbers can be", "Correct or empty them"),
        ("warning", LARGEST_SAFE, LARGEST, "so large that computing with them may overflow", "Change the unit"),
    ):
        rows = np.flatnonzero((sizes > limit) & (sizes <= largest))
        if len(rows):
            findings.append(
                Finding(
                    level,
                    where(summary),
                    f"{len(rows):,} {'value is' if len(rows) == 1 else 'values are'} {what} ({limit:.2g}): "
                    f"{numbers[rows[0]]:g} on {table.place(int(rows[0]))}. {remedy}, or leave the column out.",
                    len(rows),
                )
            )
    if summary.is_whole and summary.unique == summary.rows >= FEWEST_ROWS and np.all(np.diff(numbers) == 1):
        message = "It counts the rows: each value is the one before plus 1. Leave it out unless the order matters."
        findings.append(Finding("warning", where(summary), message))
    return findings


def check_text(summary: ColumnSummary, values: pa.ChunkedArray) -> list[Finding]:
    """Returns what is wrong with a category: many values, or numbers among them."""
    sample = values.drop_null()[:_JUDGED].combine_chunks()
    if summary.unique > MOST_VALUES:
        message = (
            f"It has {summary.unique:,} different values. The {MOST_VALUES} most frequent ones are told apart, all "
            "others count as one."
        )
        return [Finding("note", where(summary), message, summary.unique - MOST_VALUES)]
    others = [value for value in sample.to_pylist() if not is_number(value)]
    # As text by choice, all of them may be numbers.
    if others and 2 * len(others) <= len(sample):
        message = (
            f"It mixes numbers and text, such as {quoted(others[0])}, and is taken as a category. If it should be "
            "numbers, correct or empty the others."
        )
        return [Finding("warning", where(summary), message, len(others))]
    return []
