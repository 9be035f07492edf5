"""Checks for what makes validation look better than it is: repeated rows, and columns that hold the target."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.quoting import listed, quoted
from trainer.data.uploads.report import Change, Finding, note, warning
from trainer.data.uploads.tables.column_checks import where
from trainer.data.uploads.tables.summary import ColumnSummary
from trainer.data.uploads.tables.table import Table

#: Giveaways are searched in at most this many rows, spread over the table; fewer rows than the second prove nothing.
JUDGED, FEWEST = 100_000, 20

#: A correlation with the target, or a fraction of its variance, that is no coincidence.
CERTAIN = 0.999

#: A coefficient this close to 1 is tried as 1; a sum may leave this fraction of its variance unexplained.
CLOSE, UNEXPLAINED = 0.25, 0.02

#: A part must vary more than the unexplained rest; at most this many columns and rows are tried.
MATTERS, MOST_COLUMNS, MOST_ROWS = 1.0, 40, 5000


def check_duplicates(table: Table, summaries: Sequence[ColumnSummary]) -> Iterator[Finding]:
    """Yields the finding on rows that are the same in every column of the file, unused columns included.

    Args:
        table: as it was read.
        summaries: of all its columns.
    """
    later, earlier = repeated_rows(table.data)
    if not len(later):
        return
    first, rows = int(np.argmin(later)), len(table.data)
    pair = f"{table.place(int(later[first]))} repeats {table.place(int(earlier[first]))}"
    verb = "is" if len(later) == 1 else "are"
    found = f"{len(later):,} of {rows:,} rows {verb} the same as another in every column; {pair}."
    # If only few different rows are possible, repetition is no sign of anything.
    if math.prod(summary.unique + bool(summary.missing) for summary in summaries) < 10 * rows:
        yield note(
            "",
            f"{found} With so few different values that is to be expected, but the same example is then in training "
            "and validation.",
            len(later),
        )
    else:
        yield warning(
            "",
            f"{found} The same example may land in both training and validation, which makes validation look too "
            "good. Remove the copies.",
            len(later),
        )


def repeated_rows(data: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows that equal an earlier one, int64 (n,), and for each a row that it equals.

    After each column, rows that differ from all others are dropped, so that long texts are compared only where
    everything else is the same. Numbers come first, because they are fast.
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
            is_shared = np.zeros(len(hashes), bool)
            for places in equal_pairs(hashes):
                is_shared[places] = True
            order, hashes = order[is_shared], hashes[is_shared]
    later, earlier = equal_pairs(hashes)
    return order[later], order[earlier]


def equal_pairs(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the places of values that equal an earlier one, int64 (n,), and for each the place of the one before."""
    order = np.argsort(hashes, kind="stable")
    is_repeat = hashes[order][1:] == hashes[order][:-1]
    return order[1:][is_repeat], order[:-1][is_repeat]


def check_giveaways(
    table: Table, inputs: Sequence[ColumnSummary], target: ColumnSummary, task: str
) -> Iterator[Finding]:
    """Yields a warning for each column that alone tells the target, and for columns that add up to it.

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
        return
    answers, tells = as_codes(data[0]), tells_number
    if task == "classification":
        answers, tells = np.unique(answers, return_inverse=True)[1], tells_class
    unknown = []
    for summary in inputs:
        if found := tells(as_codes(data[summary.name]), answers, summary):
            message = f"It tells the target {found}. If it is not known before the target is, leave it out."
            yield warning(where(summary), message, summary.rows, (leave_out([summary.name]),))
        elif summary.kind == "number":
            unknown.append(summary.name)
    if task == "regression":
        yield from check_sums(((name, as_codes(data[name])) for name in unknown), target.name, answers)


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
    # Scaled to at most 1, so that squares of large numbers do not overflow.
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


def check_sums(columns: Iterable[tuple[str, np.ndarray]], name: str, target: np.ndarray) -> Iterator[Finding]:
    """Yields a warning where the target follows from a sum, as fare does where total is fare + tip + tolls.

    Args:
        columns: the names and values of columns of numbers, float64 (rows,), NaN where missing.
        name: of the target.
        target: float64 (rows,), not missing.
    """
    rows = np.linspace(0, len(target) - 1, min(len(target), MOST_ROWS)).astype(int)
    goal = target[rows]
    if not np.isfinite(goal).all() or not goal.std():
        return
    # A table may have thousands of columns. Only those that correlate most are kept.
    strongest: list[tuple[float, str, np.ndarray]] = []
    for column, values in columns:
        values = values[rows]
        known = np.isfinite(values)
        if 2 * np.count_nonzero(known) > len(rows) and values[known].std() > 0 and goal[known].std() > 0:
            strength = abs(np.corrcoef(values[known], goal[known])[0, 1])
            strongest = sorted([*strongest, (strength, column, values)], key=lambda one: -one[0])[:MOST_COLUMNS]
    names = [name, *[column for _, column, _ in strongest]]
    table = np.stack([goal, *[values for _, _, values in strongest]])
    table = table[:, np.isfinite(table).all(axis=0)]
    if len(table) < 3 or table.shape[1] < max(20, 2 * len(table)) or not table.std(axis=1).all():
        return
    table -= table.mean(axis=1, keepdims=True)
    for whole in range(len(table)):
        parts, left = find_parts(table, whole)
        if len(parts) > 1 and (whole == 0 or 0 in parts):
            kind = "the sum" if left / np.var(table[whole]) < 1e-9 else "almost the sum"
            yield describe_sum(names[whole], [names[place] for place in parts], kind, is_target=whole == 0)
            return


def find_parts(table: np.ndarray, whole: int) -> tuple[list[int], float]:
    """Returns which rows of a table add up to another of its rows, and the variance that they leave.

    Least squares gives the coefficients. Columns whose coefficient is near 1 are then summed as they are: a relation
    by chance has other coefficients, and is no sum.

    Args:
        table: float64 (columns, rows), each with mean 0.
        whole: the row that may be a sum.
    """
    others = np.delete(np.arange(len(table)), whole)
    spread = table[others].std(axis=1)
    found = np.linalg.lstsq((table[others] / spread[:, None]).T, table[whole], rcond=1e-9)[0] / spread
    parts = [int(place) for place in others[np.abs(found - 1) < CLOSE]]
    left = float(np.var(table[whole] - table[parts].sum(axis=0)))
    if left > UNEXPLAINED * np.var(table[whole]):
        return [], left
    # A part that varies less than the unexplained rest may be in the sum by chance.
    return [place for place in parts if np.var(table[place]) > MATTERS * left], left


def describe_sum(whole: str, parts: list[str], kind: str, *, is_target: bool) -> Finding:
    """Returns the warning on a column that is the sum of others; `is_target`: whether that column is the target."""
    summed = (
        f"{len(parts)} columns" if len(parts) > 6 else f"{', '.join(map(quoted, parts[:-1]))} and {quoted(parts[-1])}"
    )
    if is_target:
        message = f"The target is {kind} of {summed}. Leave them out, unless they are known before the target is."
    else:
        message = f"It is {kind} of {summed}, so it gives the target away. Leave it out, unless it is known before the "
        message += "target is."
    change = leave_out(parts if is_target else [whole])
    return warning(f"column {quoted(whole)}", message, len(parts), (change,))


def leave_out(names: list[str]) -> Change:
    """Returns the change that leaves columns out."""
    return Change(f"Leave out {listed(names, 3)}", {"leave_out": names})


def as_codes(values: pa.ChunkedArray) -> np.ndarray:
    """Returns a column as float64 (rows,): numbers as they are, other values numbered, NaN where missing."""
    if not pa.types.is_floating(values.type):
        values = pc.index_in(values, pc.unique(values.drop_null()))
    return values.to_numpy().astype(np.float64) + 0.0
