"""One column of a CSV file, gathered block by block, until it is known what it holds."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from trainer.brought.tables.cells import DATE, count_numbers, read_cells, read_numbers, read_text

#: A column is of numbers where at least this part of its values are; the rest is taken as missing, with a word.
MOSTLY = 0.9

#: How many of the values that are no numbers are shown.
LISTED = 3

Kind = Literal["number", "date", "text", "missing"]


class GatheredColumn:
    """One column of a CSV file.

    Args:
        decimal_comma: whether 1,5 may be one and a half.

    Attributes:
        strays: how many values are no numbers in a column of numbers.
        first_strays: the rows of some of them, and what stands there.
    """

    def __init__(self, decimal_comma: bool):
        self.strays, self.first_strays = 0, list[tuple[int, str]]()
        self._decimal_comma = decimal_comma
        self._chunks: list[pa.Array] = []
        self._values, self._numbers, self._rows = 0, 0, 0
        self._settled: Kind | None = None

    def add(self, cells: pa.Array) -> int:
        """Takes the cells of a block, string (n,), and returns how many bytes they need."""
        found = read_cells(cells, self._decimal_comma)
        values = len(found) - found.null_count
        self._values += values
        if pa.types.is_floating(found.type):
            self._numbers += values
        # A column that is surely none of numbers needs no more counting.
        elif pa.types.is_string(found.type) and self._numbers >= MOSTLY * (self._values - values):
            self._numbers += count_numbers(found, self._decimal_comma)
        self._chunks.append(found)
        return found.nbytes

    @property
    def kind(self) -> Kind:
        """What the column holds."""
        types = {chunk.type for chunk in self._chunks} - {pa.null()}
        if not types:
            return "missing"
        if self._numbers and self._numbers >= MOSTLY * self._values:
            return "number"
        return "date" if types == {DATE} else "text"

    @property
    def is_torn(self) -> bool:
        """Whether some blocks were read as another kind than the column's, so that their text is needed again."""
        types = {chunk.type for chunk in self._chunks} - {pa.null()}
        return len(types) > 1

    def read_again(self) -> None:
        """Gets ready to take all cells once more, by `add_as`."""
        self._settled = self.kind
        self._chunks, self._rows = [], 0

    def add_as(self, cells: pa.Array) -> None:
        """Takes the cells of a block a second time, as what the column is now known to hold."""
        self._chunks.append(self._as_numbers(cells, self._rows) if self._settled == "number" else read_text(cells))
        self._rows += len(cells)

    def finish(self) -> pa.ChunkedArray:
        """Returns the column, float64, string or timestamp, and forgets it."""
        kind, chunks, row = self._settled or self.kind, [], 0
        target = {"number": pa.float64(), "missing": pa.float64(), "date": DATE, "text": pa.string()}[kind]
        for chunk in self._chunks:
            row += len(chunk)
            if kind == "number" and pa.types.is_string(chunk.type):
                chunk = self._as_numbers(chunk, row - len(chunk))
            chunks.append(chunk.cast(target))
        self._chunks = []
        return pa.chunked_array(chunks, target)

    def _as_numbers(self, cells: pa.Array, first_row: int) -> pa.Array:
        numbers, others = read_numbers(cells, self._decimal_comma)
        self.strays += len(others) - others.null_count
        if others.null_count < len(others) and len(self.first_strays) < LISTED:
            for row in pc.indices_nonzero(pc.is_valid(others))[: LISTED - len(self.first_strays)].to_pylist():
                self.first_strays.append((first_row + row, others[row].as_py()))
        return numbers
