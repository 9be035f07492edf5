"""Checks for what makes validation look better than it is: repeated rows, and columns that hold the target."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding
from trainer.data.uploads.tables.columns.checks import where
from trainer.data.uploads.tables.columns.summary import ColumnSummary
from trainer.data.uploads.tables.table import Table
from trainer.data.uploads.tables.target.sums import check_sums

#: Giveaways are looked for in so many rows at most, spread over the table; fewer rows than the second prove nothing.
JUDGED, FEWEST = 100_000, 20

#: A correlation with the target, or a part of its variance, that is no coincidence.
CERTAIN = 0.999


def check_duplicates(table: Table, summaries: Sequence[ColumnSummary]) -> list[Finding]:
    """Returns what to say about rows that are the same in every column of the file, those left out included.

    Args:
        table: as it was read.
        summaries: of all its columns.
    """
    rows = len(table.data)
    places = repeated_rows(table.data)
    if not len(places):
        return []
    order, is_repeat = places
    later = order[1:][is_repeat]
    first = int(np.argmin(later))
    pair = f"{table.place(int(later[first]))} repeats {table.place(int(order[:-1][is_repeat][first]))}"
    # Where only few different rows are possible, repetition is no sign of anything.
    possible = math.prod(summary.unique + bool(summary.missing) for summary in summaries)
    if possible < 10 * rows:
        message = (
            f"{len(later):,} of {rows:,} rows are the same as another in every column; {pair}. With so few different "
            "values that is to be expected, but the same example is then in training and validation."
        )
        return [Finding("note", "", message, len(later))]
    message = (
        f"{len(later):,} of {rows:,} rows {'is' if len(later) == 1 else 'are'} the same as another in every column; "
        f"{pair}. The same example may land in both training and validation, which makes validation look too good. "
        "Remove the copies."
    )
    return [Finding("warning", "", message, len(later))]


def repeated_rows(data: pa.Table) -> tuple[np.ndarray, np.ndarray] | tuple[()]:
    """Returns rows sorted so that equal ones are adjacent, int64 (n,), and which equal the one before, bool (n - 1,).

    Rows that a column tells from all others are dropped before the next column is looked at, so that long texts are
    compared only where all else is the same. Numbers come first, as they are quick.
    """
    hashes, order = np.zeros(len(data), np.uint64), np.arange(len(data))
    names = sorted(data.column_names, key=lambda name: data[name].nbytes)
    for name in names:
        values = data[name] if len(order) == len(data) else data[name].take(pa.array(order))
        hashes = hashes ^ as_codes(values).view(np.uint64)
        # The finalizer of MurmurHash3: each bit of the value changes about half of the bits of the result.
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            hashes ^= hashes >> np.uint64(33)
            hashes *= np.uint64(factor)
        if name in (names[0], names[len(names) // 2]) or not pa.types.is_floating(data[name].type):
            kept = np.sort(np.flatnonzero(is_shared(hashes)))
            order, hashes = order[kept], hashes[kept]
            if not len(order):
                return ()
    by_hash = np.argsort(hashes, kind="stable")
    is_repeat = hashes[by_hash][1:] == hashes[by_hash][:-1]
    return (order[by_hash], is_repeat) if is_repeat.any() else ()


def is_shared(hashes: np.ndarray) -> np.ndarray:
    """Returns which values occur more than once, bool (n,)."""
    by_hash = np.argsort(hashes, kind="stable")
    is_repeat = hashes[by_hash][1:] == hashes[by_hash][:-1]
    shared = np.zeros(len(hashes), bool)
    shared[by_hash[1:][is_repeat]] = shared[by_hash[:-1][is_repeat]] = True
    return shared


def check_giveaways(table: Table, inputs: Sequence[ColumnSummary], target: ColumnSummary, task: str) -> list[Finding]:
    """Returns a warning for each column that alone tells the target, and for columns that add up to it.

    Args:
        table: as it was read.
        inputs: the columns to learn from.
        target: the column to predict.
        task: "classification" or "regression".
    """
    data = table.data.select([target.name, *[summary.name for summary in inputs]])
    data = data.take(pa.array(np.linspace(0, len(data) - 1, min(len(data), JUDGED)).astype(np.int64)))
    data = data.filter(data[0].is_valid())
    if len(data) < FEWEST:
        return []
    answers = as_codes(data[0])
    if task == "classification":
        answers = np.unique(answers, return_inverse=True)[1]
    findings = []
    for summary in inputs:
        values = data[summary.name]
        if task == "classification":
            found = tells_class(as_codes(values), answers, summary)
        else:
            found = tells_number(as_codes(values), answers, summary)
        if found:
            message = f"It tells the target {found}. If it is not known before the target is, leave it out."
            change = Change(f"Leave out {quoted(summary.name)}", {"leave_out": [summary.name]})
            findings.append(Finding("warning", where(summary), message, summary.rows, (change,)))
    if task == "regression":
        told = {finding.where for finding in findings}
        numbers = [summary for summary in inputs if summary.kind == "number" and where(summary) not in told]
        columns = ((summary.name, as_codes(data[summary.name])) for summary in numbers)
        findings += check_sums(columns, target.name, answers)
    return findings


def tells_class(values: np.ndarray, classes: np.ndarray, summary: ColumnSummary) -> str:
    """Returns how a column tells the class, or "".

    Args:
        values: float64 (n,), codes of a category or numbers, NaN where missing.
        classes: integers (n,) from 0.
        summary: of the column.
    """
    count = int(classes.max()) + 1
    different, places = np.unique(values, return_inverse=True)
    if len(different) <= len(values) / 10 and len(np.unique(places * count + classes)) == len(different):
        return "by itself: each of its values goes with one class only"
    if summary.kind != "number" or len(different) < count:
        return ""
    known = ~np.isnan(values)
    values, classes = values[known], classes[known]
    order = np.lexsort((classes, values))
    changes = np.flatnonzero(np.diff(classes[order]))
    is_cut = np.all(values[order][changes] < values[order][changes + 1])
    if len(changes) == count - 1 and len(values) >= FEWEST and is_cut:
        return "by itself: each class has a range of its own"
    return ""


def tells_number(values: np.ndarray, numbers: np.ndarray, summary: ColumnSummary) -> str:
    """Returns how a column tells the number, or ""; see `tells_class`."""
    known = np.isfinite(values) & np.isfinite(numbers)
    values, numbers = values[known], numbers[known]
    if len(values) < FEWEST:
        return ""
    # In units of their own size, so that squares of large numbers do not overflow.
    values, numbers = (part / (np.abs(part).max() or 1.0) for part in (values, numbers))
    spread = numbers.var()
    if summary.kind == "number":
        if not values.var() or not spread:
            return ""
        correlation = float(np.corrcoef(values, numbers)[0, 1])
        return f"almost exactly: their correlation is {correlation:.4f}" if abs(correlation) > CERTAIN else ""
    places = np.unique(values, return_inverse=True)[1]
    counts = np.bincount(places)
    if len(counts) > len(values) / 10 or not spread:
        return ""
    within = np.mean((numbers - (np.bincount(places, numbers) / counts)[places]) ** 2)
    return "almost exactly: each of its values goes with one number" if 1 - within / spread > CERTAIN else ""


def as_codes(values: pa.ChunkedArray) -> np.ndarray:
    """Returns a column as float64 (rows,): numbers as they are, other values numbered, NaN where missing."""
    if not pa.types.is_floating(values.type):
        values = pc.index_in(values, pc.unique(values.drop_null()))
    return values.to_numpy().astype(np.float64) + 0.0
