"""The cells of a CSV file, and its columns, built block by block until it is known what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.tables.numbers.evidence import NumberEvidence
from trainer.data.uploads.tables.numbers.formats import FORMATS, PLAIN, TEXT, parse_numbers
from trainer.data.uploads.tables.table import NumberDecision

#: Cells that stand for a missing value.
MISSING = (
    "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "null", "NULL", "Null",
)  # fmt: skip

_MISSING = pa.array(MISSING)

DATE = pa.timestamp("us")

#: Number of values that are shown among those that are not numbers.
LISTED = 3

Kind = Literal["number", "date", "text", "missing"]


def read_cells(cells: pa.Array) -> pa.Array:
    """Returns cells as the type that all of them have.

    Args:
        cells: string (n,), missing ones null.

    Returns:
        float64, timestamp, or trimmed string (n,); of the null type where every cell is missing.
    """
    if (numbers := _cast(cells, pa.float64())) is None:
        cells = read_text(cells)
        numbers = _cast(cells, pa.float64())
    if cells.null_count == len(cells):
        return pa.nulls(len(cells))
    if numbers is not None:
        return numbers
    dates = _cast(cells, DATE)
    return cells if dates is None else dates


def read_text(cells: pa.Array) -> pa.Array:
    """Returns trimmed cells, string (n,), null where missing."""
    cells = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.is_in(cells, _MISSING), None, cells)


def _cast(cells: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        # Arrow takes long to fail, so a few cells are tried first.
        pc.cast(cells[:64], kind)
        found = pc.cast(cells, kind)
    except pa.ArrowInvalid:
        return None
    # Arrow reads "nan" as a number; everybody else takes it for a missing value.
    if pa.types.is_floating(kind) and pc.any(pc.is_nan(found)).as_py():
        found = pc.if_else(pc.is_nan(found), None, found)
    return found


class ColumnBuilder:
    """One column of a CSV file.

    Args:
        format: the number format that the user chose, or "text"; "": the values decide.

    Attributes:
        decision: how its numbers are written, known after `decide`.
        strays: number of values in a column of numbers that are none.
        first_strays: (row, value) of the first of them.
    """

    def __init__(self, format: str = ""):
        self.strays, self.first_strays = 0, list[tuple[int, str]]()
        self.decision = NumberDecision(format or TEXT)
        self._is_told = bool(format)
        self._evidence = NumberEvidence()
        self._chunks: list[pa.Array] = []
        self._kind: Kind = "missing"
        self._rows = 0

    def add(self, cells: pa.Array) -> int:
        """Adds the cells of a block, string (n,), and returns how many bytes they need."""
        found = read_text(cells) if self._is_told else read_cells(cells)
        if not self._is_told:
            if pa.types.is_floating(found.type):
                self._evidence.add_plain(cells, found)
            elif pa.types.is_string(found.type):
                self._evidence.add_text(found)
            else:
                self._evidence.values += len(found) - found.null_count
        self._chunks.append(found)
        return found.nbytes

    def sure_decimal(self) -> str:
        """Returns the decimal sign that its values certainly have, or that the user chose; else ""."""
        if not self._is_told:
            return self._evidence.sure_decimal()
        return "" if self.decision.format == TEXT else FORMATS[self.decision.format].decimal

    def decide(self, separator: str, decimals: Iterable[str]) -> None:
        """Decides what the column holds, from all its values; see `NumberEvidence.decide`."""
        if not self._is_told:
            self.decision = self._evidence.decide(separator, decimals)
        types = {chunk.type for chunk in self._chunks} - {pa.null()}
        if not types:
            self._kind = "missing"
        elif self.decision.format != TEXT:
            self._kind = "number"
        else:
            self._kind = "date" if types == {DATE} else "text"

    @property
    def is_torn(self) -> bool:
        """Whether some blocks were read as another type than the column's, so that their text is needed again."""
        types = {chunk.type for chunk in self._chunks} - {pa.null()}
        was_plain = pa.float64() in types and self.decision.format != PLAIN
        return len(types) > 1 or (was_plain and self._kind == "number")

    def read_again(self) -> None:
        """Forgets all cells; `add_as` takes them again."""
        self._chunks, self._rows = [], 0

    def add_as(self, cells: pa.Array) -> None:
        """Adds the cells of a block a second time, as the type that is now known."""
        self._chunks.append(self._as_numbers(cells, self._rows) if self._kind == "number" else read_text(cells))
        self._rows += len(cells)

    def finish(self) -> pa.ChunkedArray:
        """Returns the column, float64, string or timestamp (rows,), and forgets its cells."""
        chunks, row = [], 0
        target = {"number": pa.float64(), "missing": pa.float64(), "date": DATE, "text": pa.string()}[self._kind]
        for chunk in self._chunks:
            row += len(chunk)
            if self._kind == "number" and pa.types.is_string(chunk.type):
                chunk = self._as_numbers(chunk, row - len(chunk))
            chunks.append(chunk.cast(target))
        self._chunks = []
        return pa.chunked_array(chunks, target)

    def _as_numbers(self, cells: pa.Array, first_row: int) -> pa.Array:
        cells = read_text(cells)
        numbers = parse_numbers(cells, self.decision.format)
        others = pc.if_else(pc.is_valid(numbers), None, cells)
        self.strays += len(others) - others.null_count
        if others.null_count < len(others) and len(self.first_strays) < LISTED:
            for row in pc.indices_nonzero(pc.is_valid(others))[: LISTED - len(self.first_strays)].to_pylist():
                self.first_strays.append((first_row + row, others[row].as_py()))
        return numbers
