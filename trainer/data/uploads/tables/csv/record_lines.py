"""The records of a CSV file one by one: slow, exact, and strict about quotation marks."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.tables.csv.decoded_file import BLOCK_BYTES
from trainer.data.uploads.tables.csv.dialect import Dialect
from trainer.errors import DataError


class BrokenRecord(Exception):
    """A record that cannot be told from the next.

    Attributes:
        line: where it begins.
        reason: what is wrong with it, as the end of a sentence.
    """

    def __init__(self, line: int, reason: str):
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


def record_lines(path: Path, dialect: Dialect, *, strict: bool = False) -> Iterator[int]:
    """Yields the line on which each record below the header begins; slower than `read_records`, and exact.

    Raises:
        BrokenRecord: a field is longer than a block; with `strict`, a quotation mark is left open, or text follows a
            closing one.
    """
    # The module's own limit, which holds for the whole process, is less than what the fast parser takes.
    csv.field_size_limit(max(csv.field_size_limit(), BLOCK_BYTES))
    with path.open("rb") as raw, io.TextIOWrapper(raw, dialect.encoding, newline="") as text:
        for _ in range(dialect.header_lines):
            text.readline(BLOCK_BYTES)
        # A line is read in pieces, so that a file of one endless line stays out of memory.
        reader = csv.reader(iter(lambda: text.readline(BLOCK_BYTES), ""), delimiter=dialect.separator, strict=strict)
        while True:
            began = dialect.header_lines + reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise BrokenRecord(began, _reason(str(error))) from None
            if row is None:
                return
            if row:
                yield began


def _reason(message: str) -> str:
    if "expected after" in message:
        return "has text after a closing quotation mark, or the mark before it was never closed"
    if "field limit" in message:
        return f"has a field of more than {BLOCK_BYTES // 2**20} MB, as if a quotation mark were never closed"
    return "opens a quotation mark that is never closed"


def refuse_open_quote(path: Path, dialect: Dialect) -> None:
    """Raises DataError where a quotation mark is left open, or text follows a closing one, and says where."""
    try:
        deque(record_lines(path, dialect, strict=True), maxlen=0)
    except BrokenRecord as error:
        raise DataError(
            f"{plain_name(path.name)}: the record on line {error.line:,} {error.reason}. Close it, and double the "
            'marks inside quoted text, as in "5"" disk".'
        ) from None
