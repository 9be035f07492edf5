"""What the columns of a table hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.tables.columns.kinds import Kind, kind_of_numbers, kind_of_text
from trainer.data.uploads.tables.table import Table

#: Whole numbers are classes where there are at most so many different ones, each with so many rows on average.
MOST_CLASSES, ROWS_A_CLASS = 20, 10

#: How many of the most frequent values are told.
FREQUENT = 10

#: Bytes of text from which on memory matters more than time; by how many values a column of text is judged.
LARGE, JUDGED = 32 * 2**20, 1000


@dataclass(frozen=True)
class ColumnSummary:
    """What one column holds.

    Attributes:
        name: of the column.
        kind: "number"; "category" (text of few different values); "date"; "text" (free text); "identifier"
            (tells rows apart and nothing else); "constant" (one value, or none).
        rows, missing: how many rows there are, and in how many of them it is missing.
        unique: how many different values, missing ones aside.
        is_number: whether it holds numbers, whatever they stand for.
        is_whole: whether they all are whole numbers.
        minimum, maximum, mean, median: of the finite numbers, else None; of a date the first two, as text.
        frequent: the most frequent values as text, each with its number of rows; none for numbers with many values.
    """

    name: str
    kind: Kind
    rows: int
    missing: int
    unique: int
    is_number: bool = False
    is_whole: bool = False
    minimum: float | str | None = None
    maximum: float | str | None = None
    mean: float | None = None
    median: float | None = None
    frequent: tuple[tuple[str, int], ...] = ()

    @property
    def is_feature(self) -> bool:
        """Whether a model can learn from it: numbers and categories; the others are left out."""
        return self.kind in ("number", "category")


def describe_columns(table: Table, progress: Callable[[float, str], None] | None = None) -> tuple[ColumnSummary, ...]:
    """Returns what each column of a table holds, in the table's order; `progress` is told how many are done."""
    summaries: list[ColumnSummary] = []
    names = table.data.column_names
    for name, values in zip(names, table.data.columns, strict=True):
        if progress:
            progress(len(summaries) / len(names), f"Looking at {len(names):,} columns")
        is_number = pa.types.is_floating(values.type)
        summaries.append(describe_numbers(name, values, len(summaries)) if is_number else describe_text(name, values))
    return tuple(summaries)


def describe_numbers(name: str, values: pa.ChunkedArray, place: int) -> ColumnSummary:
    """Returns what a column of numbers, float64 (rows,), holds; `place` is 0 for the table's first."""
    numbers = np.sort(values.drop_null().to_numpy())
    starts = (
        np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]])) if len(numbers) else np.array([], int)
    )
    finite = numbers[np.isfinite(numbers)]
    is_whole = bool(len(finite)) and bool(np.all(finite == np.floor(finite)))
    frequent: tuple = ()
    if len(starts) <= MOST_CLASSES:
        counts = np.diff(np.append(starts, len(numbers)))
        most = np.argsort(-counts, kind="stable")[:FREQUENT]
        frequent = tuple((f"{numbers[starts[i]]:.10g}", int(counts[i])) for i in most)
    statistics: tuple = (None,) * 4
    if len(finite):
        # Halved before they are added, so that the largest numbers do not overflow.
        middle = finite[(len(finite) - 1) // 2] / 2 + finite[len(finite) // 2] / 2
        with np.errstate(over="ignore"):
            mean = float(np.mean(finite))
        statistics = float(finite[0]), float(finite[-1]), mean if np.isfinite(mean) else None, float(middle)
    kind = kind_of_numbers(name, place, len(starts), len(numbers), is_whole)
    return ColumnSummary(
        name, kind, len(values), values.null_count, len(starts), True, is_whole, *statistics, frequent=frequent
    )


def describe_text(name: str, values: pa.ChunkedArray) -> ColumnSummary:
    """Returns what a column of text or dates (rows,) holds."""
    rows, missing = len(values), values.null_count
    if pa.types.is_timestamp(values.type):
        ends, unique = pc.min_max(values), pc.count_distinct(values).as_py()
        first, last = (ends[key].cast(pa.string()).as_py() for key in ("min", "max"))
        return ColumnSummary(
            name, "date" if unique > 1 else "constant", rows, missing, unique, minimum=first, maximum=last
        )
    if values.nbytes > LARGE:
        unique, frequent = count_large(values)
    else:
        counts = count_values(values.drop_null())
        unique, top = len(counts), counts[:FREQUENT]
        frequent = tuple(zip(top["value"].to_pylist(), top["count"].to_pylist(), strict=True))
    kind = kind_of_text(first_present(values), unique, rows - missing)
    return ColumnSummary(name, kind, rows, missing, unique, frequent=frequent)


def first_present(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Returns the first values that are not missing, chunk by chunk, so that the column is not copied."""
    found: list[pa.Array] = []
    for chunk in values.chunks:
        found.append(chunk.drop_null()[: JUDGED - sum(map(len, found))])
        if sum(map(len, found)) == JUDGED:
            break
    return pa.chunked_array(found, values.type)


def count_values(values: pa.ChunkedArray) -> pa.Table:
    """Returns the different values ("value") and the rows of each ("count"), most frequent first."""
    counted = values.value_counts()
    counts = pa.table({"value": counted.field("values"), "count": counted.field("counts")})
    return counts.sort_by([("count", "descending"), ("value", "ascending")])


def count_large(values: pa.ChunkedArray) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Returns how many values are different, and the most frequent, by their hashes: long texts are not copied."""
    hashes = np.empty(len(values) - values.null_count, np.int64)
    filled = 0
    for chunk in values.chunks:
        texts = chunk.drop_null().to_pylist()
        hashes[filled : filled + len(texts)] = list(map(hash, texts))
        filled += len(texts)
    hashes.sort()
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
    counts = np.diff(starts, append=len(hashes))
    most = np.argpartition(counts, -min(FREQUENT, len(counts)))[-FREQUENT:]
    wanted = dict(zip(hashes[starts[most]].tolist(), counts[most].tolist(), strict=True))
    found: dict[str, int] = {}
    for chunk in values.chunks:
        if len(found) == len(wanted):
            break
        found |= {text: wanted[hash(text)] for text in chunk.drop_null().to_pylist() if hash(text) in wanted}
    return len(starts), tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def guess_task(summary: ColumnSummary) -> Literal["classification", "regression"]:
    """Returns what is to be learned of a target: classes of text or of few whole numbers, else a number."""
    if not summary.is_number or summary.unique <= 2:
        return "classification"
    present = summary.rows - summary.missing
    is_few = summary.unique <= MOST_CLASSES and ROWS_A_CLASS * summary.unique <= present
    return "classification" if summary.is_whole and is_few else "regression"
