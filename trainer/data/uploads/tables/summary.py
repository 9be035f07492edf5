"""What the columns of a table hold: numbers, categories, dates, free text, identifiers, or always the same value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.report import Progress
from trainer.data.uploads.tables.table import Table

Kind = Literal["number", "category", "date", "text", "identifier", "constant"]

#: A category has at most this many different values, and they are at most this fraction of all values.
MOST_CATEGORIES, MOSTLY_DIFFERENT = 1000, 0.5

#: From this many rows on, it is no coincidence that all values are different.
FEWEST_ROWS = 20

#: Whole numbers are classes if at most this many are different, each with this many rows on average.
MOST_CLASSES, ROWS_A_CLASS = 20, 10

#: Number of most frequent values in a summary.
FREQUENT = 10

#: Bytes of text from which on memory matters more than time; number of values that decide a text column's kind.
LARGE, JUDGED = 32 * 2**20, 1000

_IDENTIFIERS = set("id ids uid uuid guid key index idx rowid rownames rownumber unnamed nr no".split())
_DATES = r"^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T].*)?$|^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$"


@dataclass(frozen=True)
class ColumnSummary:
    """What one column holds.

    Attributes:
        name: of the column.
        kind: "number"; "category" (text with few different values); "date"; "text" (free text); "identifier"
            (only tells rows apart); "constant" (one value, or none).
        rows, missing: number of rows, and of those without a value.
        unique: number of different values, without missing ones.
        is_number: whether it holds numbers, whatever they stand for.
        is_whole: whether all of them are whole numbers.
        minimum, maximum, mean, median: of the finite numbers, else None; of dates the first two, as text.
        frequent: the most frequent values as text, each with its number of rows; empty for numbers with many values.
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
        """Whether a model can learn from it, as from numbers and categories."""
        return self.kind in ("number", "category")


def describe_columns(table: Table, progress: Progress | None = None) -> tuple[ColumnSummary, ...]:
    """Returns what each column of a table holds, in the table's order.

    Args:
        table: as it was read.
        progress: called with the fraction of columns done, in [0, 1].
    """
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
    starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])[: len(numbers)]
    finite = numbers[np.isfinite(numbers)]
    is_whole = bool(len(finite)) and bool(np.all(finite == np.floor(finite)))
    frequent: tuple = ()
    if len(starts) <= MOST_CLASSES:
        counts = np.diff(np.append(starts, len(numbers)))
        most = np.argsort(-counts, kind="stable")[:FREQUENT]
        frequent = tuple((f"{numbers[starts[i]]:.10g}", int(counts[i])) for i in most)
    statistics: tuple = (None,) * 4
    if len(finite):
        # Halved before the addition, so that the largest numbers do not overflow.
        middle = finite[(len(finite) - 1) // 2] / 2 + finite[len(finite) // 2] / 2
        with np.errstate(over="ignore"):
            mean = float(np.mean(finite))
        statistics = float(finite[0]), float(finite[-1]), mean if np.isfinite(mean) else None, float(middle)
    # A first column without a name usually numbers the rows.
    is_identifier = is_identifier_name(name) or (place == 0 and re.fullmatch(r"column 1|unnamed.*", name.lower()))
    tells_rows_apart = is_whole and len(starts) == len(numbers) >= FEWEST_ROWS
    kind = "constant" if len(starts) < 2 else "identifier" if tells_rows_apart and is_identifier else "number"
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
    kind = kind_of_text(values, unique, rows - missing)
    return ColumnSummary(name, kind, rows, missing, unique, frequent=frequent)


def kind_of_text(values: pa.ChunkedArray, unique: int, present: int) -> Kind:
    """Returns what a column of text holds.

    Args:
        values: string (rows,), null where missing.
        unique, present: number of different values and of all values, without missing ones.
    """
    if unique < 2:
        return "constant"
    # Chunk by chunk, so that the column is not copied.
    found: list[pa.Array] = []
    for chunk in values.chunks:
        found.append(chunk.drop_null()[: JUDGED - sum(map(len, found))])
        if sum(map(len, found)) == JUDGED:
            break
    judged = pa.chunked_array(found, values.type)
    if pc.all(pc.match_substring_regex(judged, _DATES)).as_py():
        return "date"
    if unique <= MOST_CATEGORIES and (unique <= MOSTLY_DIFFERENT * present or present < FEWEST_ROWS):
        return "category"
    has_spaces = pc.mean(pc.match_substring_regex(judged, r"\s")).as_py() > 0.1
    return "text" if has_spaces or unique <= MOSTLY_DIFFERENT * present else "identifier"


def is_identifier_name(name: str) -> bool:
    """Whether a name is that of an identifier: "id", "customer_id", "PassengerId"."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    return name.lower() in _IDENTIFIERS or (bool(parts) and parts[-1].lower() in _IDENTIFIERS)


def count_values(values: pa.ChunkedArray) -> pa.Table:
    """Returns the different values ("value") and the rows of each ("count"), most frequent first."""
    counted = values.value_counts()
    counts = pa.table({"value": counted.field("values"), "count": counted.field("counts")})
    return counts.sort_by([("count", "descending"), ("value", "ascending")])


def count_large(values: pa.ChunkedArray) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Returns the number of different values, and the most frequent ones, by hash: long texts are not copied."""
    hashed = chain.from_iterable(map(hash, chunk.drop_null().to_pylist()) for chunk in values.chunks)
    hashes, counts = np.unique(np.fromiter(hashed, np.int64, len(values) - values.null_count), return_counts=True)
    most = np.argsort(counts)[-FREQUENT:]
    wanted = dict(zip(hashes[most].tolist(), counts[most].tolist(), strict=True))
    found: dict[str, int] = {}
    for chunk in values.chunks:
        if len(found) == len(wanted):
            break
        found |= {text: wanted[hash(text)] for text in chunk.drop_null().to_pylist() if hash(text) in wanted}
    return len(hashes), tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def guess_task(summary: ColumnSummary) -> Literal["classification", "regression"]:
    """Returns the likely task for a target: text and few whole numbers are classes."""
    if not summary.is_number or summary.unique <= 2:
        return "classification"
    present = summary.rows - summary.missing
    is_few = summary.unique <= MOST_CLASSES and ROWS_A_CLASS * summary.unique <= present
    return "classification" if summary.is_whole and is_few else "regression"
