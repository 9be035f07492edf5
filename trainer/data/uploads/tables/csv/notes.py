"""Findings on how a CSV file was read, and the lines on which its records begin."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Finding, warning
from trainer.data.uploads.tables.csv.columns import ColumnBuilder
from trainer.data.uploads.tables.csv.dialect import BLOCK_BYTES, SEPARATORS, Dialect
from trainer.data.uploads.tables.csv.records import Ragged
from trainer.data.uploads.tables.table import Table
from trainer.errors import DataError

#: Ragged rows that are listed one by one, and the fraction of all rows above which a file is refused.
LISTED, TOO_MANY = 100, 0.1

#: A value of more lines than this probably has an open quotation mark.
LONGEST_VALUE = 20


class BrokenRecord(Exception):
    """A record whose end is unclear.

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
    # The default limit, which holds for the whole process, is lower than that of the fast parser.
    csv.field_size_limit(max(csv.field_size_limit(), BLOCK_BYTES))
    with path.open("rb") as raw, io.TextIOWrapper(raw, dialect.encoding, newline="") as text:
        for _ in range(dialect.header_lines):
            text.readline(BLOCK_BYTES)
        # Long lines are read in pieces, so that a file of one endless line stays out of memory.
        reader = csv.reader(iter(lambda: text.readline(BLOCK_BYTES), ""), delimiter=dialect.separator, strict=strict)
        while True:
            began = dialect.header_lines + reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                reason = "opens a quotation mark that is never closed"
                if "expected after" in str(error):
                    reason = "has text after a closing quotation mark, or the mark before it was never closed"
                elif "field limit" in str(error):
                    reason = (
                        f"has a field of more than {BLOCK_BYTES // 2**20} MB, as if a quotation mark were never closed"
                    )
                raise BrokenRecord(began, reason) from None
            if row is None:
                return
            if row:
                yield began


def refuse_open_quote(path: Path, dialect: Dialect) -> None:
    """Raises DataError, with the line, where a quotation mark is left open or text follows a closing one."""
    try:
        deque(record_lines(path, dialect, strict=True), maxlen=0)
    except BrokenRecord as error:
        raise DataError(
            f"{plain_name(path.name)}: the record on line {error.line:,} {error.reason}. Close it, and double the "
            'marks inside quoted text, as in "5"" disk".'
        ) from None


def note_ragged(
    path: Path, dialect: Dialect, ragged: Ragged, rows: int, first_line: int | None
) -> tuple[list[Finding], list[dict]]:
    """Returns the finding on ragged rows, if any, and the first of them as {"line": 12, "fields": 5}.

    Args:
        path: of the file.
        dialect: how it is written.
        ragged: the rows that were left out.
        rows: number of the other rows.
        first_line: the line of the first record where each record is a line, else None.

    Raises:
        DataError: more than a tenth of all rows are ragged.
    """
    name, count, width = plain_name(path.name), len(ragged.records), len(dialect.names)
    if not count:
        return [], []
    lines = find_lines(path, dialect, ragged.records[:LISTED], first_line)
    listed = [{"line": line, "fields": fields} for line, fields in zip(lines, ragged.widths, strict=False)]
    shown = ", ".join(f"{one['line']:,} ({one['fields']:,} fields)" for one in listed[:3])
    more = f" and {count - 3:,} more" if count > 3 else ""
    noun, place, them = ("row", "line", "it") if count == 1 else ("rows", "lines", "them")
    found = f"{count:,} {noun} not of {width} fields as the header is"
    if ragged.is_hopeless or count > TOO_MANY * (rows + count):
        if len(set(ragged.widths)) == 1 and (not rows or ragged.is_hopeless):
            raise DataError(
                f"{name} has {width} column names on line {dialect.header_lines}, but its rows have "
                f"{ragged.widths[0]:,} fields, from line {listed[0]['line']:,} on. Give every column one name."
            )
        raise DataError(
            f"{name} has {found}: {place} {shown}{more}. The separator was taken to be "
            f"{SEPARATORS.get(dialect.separator, 'as declared')}. Put text that contains it in quotation marks, and "
            "complete the short rows."
        )
    message = f"{found}, left out: {place} {shown}{more}. Correct {them}, or go on without."
    return [warning(f"line {listed[0]['line']:,}", message, count)], listed


def find_lines(path: Path, dialect: Dialect, records: list[int], first_line: int | None) -> list[int]:
    """Returns the lines on which records begin, given by their numbers from 0, in order."""
    if first_line is not None:
        return [first_line + record for record in records]
    wanted, lines = set(records), []
    try:
        for record, line in enumerate(islice(record_lines(path, dialect), records[-1] + 1)):
            if record in wanted:
                lines.append(line)
    except BrokenRecord:  # The numbers of the later records stand in for their lines.
        pass
    return lines + [dialect.header_lines + 1 + record for record in records[len(lines) :]]


def note_strays(table: Table, columns: list[ColumnBuilder]) -> Iterator[Finding]:
    """Yields the findings on values that are no numbers in columns of numbers."""
    for name, column in zip(table.data.column_names, columns, strict=True):
        if column.strays:
            shown = ", ".join(f"{quoted(value)} on {table.place(row)}" for row, value in column.first_strays)
            more = ", …" if column.strays > len(column.first_strays) else ""
            yield warning(
                f"column {quoted(name)}",
                f"{column.strays:,} of its values {'is' if column.strays == 1 else 'are'} no number and taken as "
                f"missing: {shown}{more}. Correct them, or leave the column out.",
                column.strays,
            )


def note_long_values(table: Table) -> Iterator[Finding]:
    """Yields the findings on values of so many lines that a quotation mark may be left open."""
    for name, column in zip(table.data.column_names, table.data.columns, strict=True):
        if not pa.types.is_string(column.type):
            continue
        lines = pc.add(pc.count_substring(column, "\n"), 1)
        longest = pc.max(lines).as_py() or 0
        if longest > LONGEST_VALUE:
            place = table.place(pc.index(lines, longest).as_py())
            yield warning(
                f"column {quoted(name)}",
                f"The value in {place} spans {longest:,} lines. If that is not one text, a quotation mark is left "
                "open there, and rows were swallowed: close it.",
            )
