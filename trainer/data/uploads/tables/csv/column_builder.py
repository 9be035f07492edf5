"""One column of a CSV file, builder block by block, until it is known what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.tables.csv.cells import DATE, read_cells, read_numbers, read_text
from trainer.data.uploads.tables.numbers.evidence import NumberEvidence
from trainer.data.uploads.tables.numbers.formats import FORMATS, PLAIN, TEXT
from trainer.data.uploads.tables.table import NumberDecision

#: How many of the values that are not numbers are shown.
LISTED = 3

Kind = Literal["number", "date", "text", "missing"]


class ColumnBuilder:
    """One column of a CSV file.

    Args:
        format: of its numbers, as the user says, or "text"; "" if it is to be found out.

    Attributes:
        decision: how its numbers are written, known after `decide`.
        strays: how many values are not numbers in a column of numbers.
        first_strays: the rows of some of them, and what stands there.
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
        """Takes the cells of a block, string (n,), and returns how many bytes they need."""
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
        """Returns the decimal sign that its values surely have, or that the user says; else ""."""
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
        """Whether some blocks were not read as what the column holds, so that their text is needed again."""
        types = {chunk.type for chunk in self._chunks} - {pa.null()}
        was_plain = pa.float64() in types and self.decision.format != PLAIN
        return len(types) > 1 or (was_plain and self._kind == "number")

    def read_again(self) -> None:
        """Gets ready to take all cells again, by `add_as`."""
        self._chunks, self._rows = [], 0

    def add_as(self, cells: pa.Array) -> None:
        """Takes the cells of a block a second time, as what the column is now known to hold."""
        self._chunks.append(self._as_numbers(cells, self._rows) if self._kind == "number" else read_text(cells))
        self._rows += len(cells)

    def finish(self) -> pa.ChunkedArray:
        """Returns the column, float64, string or timestamp, and forgets it."""
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
        numbers, others = read_numbers(cells, self.decision.format)
        self.strays += len(others) - others.null_count
        if others.null_count < len(others) and len(self.first_strays) < LISTED:
            for row in pc.indices_nonzero(pc.is_valid(others))[: LISTED - len(self.first_strays)].to_pylist():
                self.first_strays.append((first_row + row, others[row].as_py()))
        return numbers
