"""Checks of a table's columns, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from trainer.config.data_spec import MOST_VALUES
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding, error, note, warning
from trainer.data.uploads.tables.numbers.formats import TEXT, is_number
from trainer.data.uploads.tables.summary import FEWEST_ROWS, ColumnSummary
from trainer.data.uploads.tables.table import Table

#: The largest float32, and the largest number whose square fits float32 too, as a variance needs.
LARGEST, LARGEST_SAFE = float(np.finfo(np.float32).max), 1e18

#: Warn above this fraction of missing values, and above this fraction of rows with the same value.
MUCH_MISSING, NEARLY_CONSTANT = 0.4, 0.99

#: Warn when rounding to float32 moves values by more than this fraction of their standard deviation.
MOST_ROUNDING = 1e-3

#: Number of values that show how a column is written.
_JUDGED = 1000


def where(summary: ColumnSummary) -> str:
    """Returns the place of findings about a column: 'column “sex”'."""
    return f"column {quoted(summary.name)}"


def check_columns(
    table: Table, summaries: Sequence[ColumnSummary], missing_numbers: str, missing_categories: str
) -> Iterator[Finding]:
    """Yields the findings on columns that a model is given, or could be.

    Args:
        table: as it was read.
        summaries: of those columns, without the target and what the user left out.
        missing_numbers: how missing numbers are filled: "median", "mean" or "drop".
        missing_categories: how missing categories are filled: "missing", "most_frequent" or "drop".
    """
    fills = {"number": missing_numbers, "category": missing_categories}
    for summary in summaries:
        values = table.data[summary.name]
        if not summary.is_feature:
            level = warning if summary.kind == "constant" else note
            yield level(where(summary), f"{reason_to_leave_out(summary)} It is left out.", summary.rows)
            continue
        yield from check_missing(summary, fills[summary.kind])
        yield from check_nearly_constant(summary)
        yield from check_numbers(table, summary, values) if summary.is_number else check_text(summary, values)


def reason_to_leave_out(summary: ColumnSummary) -> str:
    """Returns why a model cannot learn from a column, as a sentence."""
    if summary.kind == "date":
        return "It holds dates or times. To use it, replace it by numbers such as the month or the days since a date."
    if summary.kind == "constant" and not summary.unique:
        return "It has no value in any row."
    if summary.kind == "constant":
        return "It has the same value in every row that has one, so there is nothing to learn from it."
    counts = f"{summary.unique:,} different values in {summary.rows:,} rows"
    if summary.kind == "identifier":
        return f"It looks like an identifier: {counts} tell rows apart, and nothing about new ones."
    return f"It looks like free text: {counts}. To use it, replace it by columns of numbers or few categories."


def check_missing(summary: ColumnSummary, fill: str) -> Iterator[Finding]:
    """Yields what is said about missing values, and what is done about them."""
    if not summary.missing:
        return
    done = {
        "drop": "These rows are left out",
        "missing": "“Missing” is a category of its own",
        "most_frequent": "They are taken for the most frequent value",
    }.get(fill, f"They are filled with the {fill} of the training rows")
    part = summary.missing / summary.rows
    message = f"{summary.missing:,} of {summary.rows:,} values are missing ({part:.1%}). {done}."
    if part <= MUCH_MISSING:
        yield note(where(summary), message, summary.missing)
    else:
        message += " Because so many are missing, consider leaving it out."
        yield warning(where(summary), message, summary.missing)


def check_nearly_constant(summary: ColumnSummary) -> Iterator[Finding]:
    """Yields a warning where almost all rows have the same value."""
    if not summary.frequent or summary.rows < 5 * FEWEST_ROWS:
        return
    (value, count), present = summary.frequent[0], summary.rows - summary.missing
    if count >= NEARLY_CONSTANT * present:
        message = f"Nearly all rows have {quoted(value)}; only {present - count:,} differ. "
        yield warning(where(summary), f"{message}Leave it out unless these matter.", present - count)


def check_numbers(table: Table, summary: ColumnSummary, values: pa.ChunkedArray) -> Iterator[Finding]:
    """Yields what is wrong with numbers: infinite, too large, too close for float32, or a count of the rows."""
    yield from note_rounding(summary, values)
    numbers = values.to_numpy()
    sizes = np.abs(numbers)
    for level, limit, largest, what, remedy in (
        (error, LARGEST, np.inf, "infinite or larger than 32-bit numbers can be", "Correct or empty them"),
        (warning, LARGEST_SAFE, LARGEST, "so large that computing with them may overflow", "Change the unit"),
    ):
        rows = np.flatnonzero((sizes > limit) & (sizes <= largest))
        if len(rows):
            yield level(
                where(summary),
                f"{len(rows):,} {'value is' if len(rows) == 1 else 'values are'} {what} ({limit:.2g}): "
                f"{numbers[rows[0]]:g} on {table.place(int(rows[0]))}. {remedy}, or leave the column out.",
                len(rows),
            )
    if summary.is_whole and summary.unique == summary.rows >= FEWEST_ROWS and np.all(np.diff(numbers) == 1):
        message = "It counts the rows: each value is the one before plus 1. Leave it out unless the order matters."
        yield warning(where(summary), message)


def note_rounding(summary: ColumnSummary, values: pa.ChunkedArray) -> Iterator[Finding]:
    """Yields what is lost when numbers are rounded to float32, as training takes them.

    Args:
        summary: of the column.
        values: float64 (rows,), null where missing.
    """
    numbers = values.drop_null().to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = numbers.astype(np.float32)
        lost = np.sqrt(np.mean((narrow - numbers) ** 2)) if np.isfinite(narrow).all() and len(numbers) else 0.0
    is_coarse = bool(lost) and lost > MOST_ROUNDING * float(np.std(numbers))
    if not is_coarse and not (lost and summary.is_whole):
        return
    kept = len(np.unique(narrow))
    if kept == summary.unique:
        return
    message = f"Training takes 32-bit numbers, which tell {kept:,} of its {summary.unique:,} different values apart"
    changes = ()
    if summary.is_whole:
        message += (
            ": whole numbers above 16,777,216 are rounded. Subtract a constant, use text if they are codes, or leave "
            "the column out."
        )
        # Codes keep their text only where the file is text.
        changes = (Change("Keep as text", {"number_formats": {summary.name: TEXT}}),)
    else:
        message += ". Subtract a constant, so that the differences remain."
    level = warning if is_coarse or kept < 0.99 * summary.unique else note
    yield level(where(summary), message, summary.unique - kept, changes)


def check_text(summary: ColumnSummary, values: pa.ChunkedArray) -> Iterator[Finding]:
    """Yields what is wrong with a category: many values, or numbers among them."""
    if summary.unique > MOST_VALUES:
        message = f"It has {summary.unique:,} different values. The {MOST_VALUES} most frequent ones are told apart, "
        yield note(where(summary), f"{message}all others count as one.", summary.unique - MOST_VALUES)
        return
    sample = values.drop_null()[:_JUDGED].to_pylist()
    others = [value for value in sample if not is_number(value)]
    # As text by choice, all of them may be numbers.
    if others and 2 * len(others) <= len(sample):
        yield warning(
            where(summary),
            f"It mixes numbers and text, such as {quoted(others[0])}, and is taken as a category. If it should be "
            "numbers, correct or empty the others.",
            len(others),
        )
