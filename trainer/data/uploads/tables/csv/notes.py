"""What there is to say about how a CSV file was read."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Finding
from trainer.data.uploads.tables.csv.blocks import Ragged
from trainer.data.uploads.tables.csv.column_builder import ColumnBuilder
from trainer.data.uploads.tables.csv.dialect import ENCODINGS, SEPARATORS, Dialect
from trainer.data.uploads.tables.csv.record_lines import BrokenRecord, record_lines
from trainer.data.uploads.tables.table import Table
from trainer.errors import DataError

#: Ragged rows that are listed one by one, and the part of all rows above which a file is refused.
LISTED, TOO_MANY = 100, 0.1

#: A value of more lines than this is probably a quotation mark left open.
LONGEST_VALUE = 20


def note_ragged(
    path: Path, dialect: Dialect, ragged: Ragged, rows: int, first_line: int | None
) -> tuple[list[Finding], list[dict]]:
    """Returns what to say about ragged rows, and the first of them as {"line": 12, "fields": 5}.

    Args:
        path: of the file.
        dialect: how it is written.
        ragged: the rows that were left out.
        rows: how many were not.
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
    noun, place = ("row", "line") if count == 1 else ("rows", "lines")
    if ragged.is_hopeless or count > TOO_MANY * (rows + count):
        if len(set(ragged.widths)) == 1 and (not rows or ragged.is_hopeless):
            raise DataError(
                f"{name} has {width} column names on line {dialect.header_lines}, but its rows have "
                f"{ragged.widths[0]:,} fields, from line {listed[0]['line']:,} on. Give every column one name."
            )
        raise DataError(
            f"{name} has {count:,} {noun} not of {width} fields as the header is: {place} {shown}{more}. "
            f"The separator was taken to be {SEPARATORS.get(dialect.separator, 'as declared')}. Put text that "
            "contains it in quotation marks, and complete the short rows."
        )
    message = (
        f"{count:,} {noun} not of {width} fields as the header is, left out: {place} {shown}{more}. Correct "
        f"{'it' if count == 1 else 'them'}, or go on without."
    )
    return [Finding("warning", f"line {listed[0]['line']:,}", message, count)], listed


def find_lines(path: Path, dialect: Dialect, records: list[int], first_line: int | None) -> list[int]:
    """Returns the lines on which records begin, given by their numbers from 0, in order."""
    if first_line is not None:
        return [first_line + record for record in records]
    wanted, lines = set(records), []
    try:
        for record, line in enumerate(islice(record_lines(path, dialect), records[-1] + 1)):
            if record in wanted:
                lines.append(line)
    except BrokenRecord:  # From here on the record's number has to do.
        pass
    return lines + [dialect.header_lines + 1 + record for record in records[len(lines) :]]


def note_encoding(dialect: Dialect, no_utf8: int) -> list[Finding]:
    """Returns what to say about a file that is not in UTF-8 from line `no_utf8` on (0: it is)."""
    if not no_utf8:
        return []
    return [
        Finding(
            "warning",
            f"line {no_utf8:,}",
            f"The file is not UTF-8 here, so it was read as {ENCODINGS[dialect.encoding]}. If letters look wrong, save "
            "it as CSV in UTF-8.",
        )
    ]


def note_strays(table: Table, columns: list[ColumnBuilder]) -> list[Finding]:
    """Returns what to say about values that are no numbers in columns of numbers."""
    findings = []
    for name, column in zip(table.data.column_names, columns, strict=True):
        if column.strays:
            shown = ", ".join(f"{quoted(value)} on {table.place(row)}" for row, value in column.first_strays)
            more = ", …" if column.strays > len(column.first_strays) else ""
            findings.append(
                Finding(
                    "warning",
                    f"column {quoted(name)}",
                    f"{column.strays:,} of its values {'is' if column.strays == 1 else 'are'} no number and taken as "
                    f"missing: {shown}{more}. Correct them, or leave the column out.",
                    column.strays,
                )
            )
    return findings


def note_long_values(table: Table) -> list[Finding]:
    """Returns what to say about values of so many lines that a quotation mark may have been left open."""
    findings = []
    for name, column in zip(table.data.column_names, table.data.columns, strict=True):
        if not pa.types.is_string(column.type):
            continue
        lines = pc.add(pc.count_substring(column, "\n"), 1)
        longest = pc.max(lines).as_py() or 0
        if longest > LONGEST_VALUE:
            row = pc.index(lines, longest).as_py()
            findings.append(
                Finding(
                    "warning",
                    f"column {quoted(name)}",
                    f"The value in {table.place(row)} spans {longest:,} lines. If that is not one text, a quotation "
                    "mark is left open there, and rows were swallowed: close it.",
                )
            )
    return findings
