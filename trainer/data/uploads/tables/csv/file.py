"""CSV files of any common kind, as tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.report import Progress, in_order, warning
from trainer.data.uploads.signatures import read_head, refuse_other_content
from trainer.data.uploads.tables.csv.columns import ColumnBuilder
from trainer.data.uploads.tables.csv.dialect import BLOCK_BYTES, ENCODINGS, possible_encodings, sniff
from trainer.data.uploads.tables.csv.notes import note_long_values, note_ragged, note_strays, refuse_open_quote
from trainer.data.uploads.tables.csv.records import DecodedFile, Ragged, read_records
from trainer.data.uploads.tables.table import Table
from trainer.errors import DataError


def read_csv(path: Path, limits: Limits, progress: Progress | None, formats: Mapping[str, str]) -> Table:
    """Reads a CSV file.

    Encodings are UTF-8, UTF-16 with a byte order mark, else Windows-1252; separators are comma, semicolon, tab and
    bar. Records of another width than the header are left out and reported.

    Args:
        path: of the file.
        limits: in force.
        progress: called with the fraction read, in [0, 1].
        formats: number formats that the user chose, or "text", by column; the values of other columns decide.

    Raises:
        DataError: the file cannot be read as a table; the message says why, where, and what to do.
    """
    head, name = read_head(path), plain_name(path.name)
    refuse_other_content(head, name)
    encodings = possible_encodings(head)
    not_utf8 = 0
    for encoding in encodings:
        file, dialect = None, None
        try:
            dialect = sniff(path, encoding, limits)
            file = DecodedFile(path, dialect)
            return _read(file, limits, not_utf8, progress, formats)
        except UnicodeDecodeError as error:
            line = dialect.header_lines + file.failed_line if file else error.object[: error.start].count(b"\n") + 1
            not_utf8 = not_utf8 or line
            if encoding == encodings[-1]:
                raise DataError(
                    f"{name} begins as {ENCODINGS[encoding]}, but line {line:,} is not. It may be cut off or "
                    "damaged; save it as CSV in UTF-8."
                ) from None
        finally:
            if file:
                file.close()
    raise AssertionError("The last encoding takes every byte.")


def _read(
    file: DecodedFile, limits: Limits, not_utf8: int, progress: Progress | None, formats: Mapping[str, str]
) -> Table:
    """Reads a file in its dialect; `not_utf8` is the line where it is no UTF-8, or 0."""
    dialect, ragged, encoding = file.dialect, Ragged(), ENCODINGS[file.dialect.encoding]
    columns = [ColumnBuilder(formats.get(column, "")) for column in dialect.names]
    rows = read_columns(file, ragged, columns, limits, progress)
    first_line = dialect.header_lines + 1 if file.records == rows + len(ragged.records) else None
    findings, listed = note_ragged(file.path, dialect, ragged, rows, first_line)
    if not rows:
        raise DataError(
            f"{file.name} has column names and no rows below them (line {dialect.header_lines}). Save it with its data."
        )
    decimals = {sign for column in columns if (sign := column.sure_decimal())}
    for column in columns:
        column.decide(dialect.separator, decimals)
    reread_torn(file, columns)
    table = Table(
        pa.table([column.finish() for column in columns], names=list(dialect.names)),
        details={
            "format": "csv",
            "encoding": encoding,
            "separator": dialect.separator,
            "skipped": {"count": len(ragged.records), "rows": listed},
        },
        first_line=first_line,
        skipped=tuple(ragged.records),
        decisions={name: column.decision for name, column in zip(dialect.names, columns, strict=True)},
    )
    if not_utf8:
        message = f"The file is not UTF-8 here, so it was read as {encoding}. "
        findings.append(warning(f"line {not_utf8:,}", f"{message}If letters look wrong, save it as CSV in UTF-8."))
    findings += note_strays(table, columns)
    findings += () if first_line else note_long_values(table)
    return dataclasses.replace(table, findings=in_order(findings))


def read_columns(
    file: DecodedFile, ragged: Ragged, columns: list[ColumnBuilder], limits: Limits, progress: Progress | None
) -> int:
    """Reads all records into their columns and returns how many there are."""
    name, size, rows, needed = file.name, max(1, file.path.stat().st_size), 0, 0
    try:
        for batch in read_records(file, ragged):
            rows += len(batch)
            needed += sum([column.add(cells) for column, cells in zip(columns, batch.columns, strict=True)])
            limits.check("rows", rows, f"{name} must have", received=f"at least {rows:,}")
            received = f"more than that by row {rows:,}"
            limits.check("expanded_bytes", needed, f"As numbers {name} must take", received=received)
            if progress:
                progress(min(1.0, file.tell() / size), f"Reading {name}")
    except pa.ArrowInvalid as error:
        refuse_open_quote(file.path, file.dialect)
        raise DataError(
            f"{name} cannot be cut into records about line {file.dialect.header_lines + file.lines:,} ({error}). No "
            f"record may be longer than {BLOCK_BYTES // 2**20} MB; check the quotation marks there."
        ) from None
    # If values have line ends in them, an open quotation mark may have swallowed rows without a trace.
    if file.quotes % 2 or (file.quotes and file.records != rows + len(ragged.records)):
        refuse_open_quote(file.path, file.dialect)
    return rows


def reread_torn(file: DecodedFile, columns: list[ColumnBuilder]) -> None:
    """Rereads the columns whose blocks disagree on the type."""
    torn = {place: column for place, column in enumerate(columns) if column.is_torn}
    if not torn:
        return
    for column in torn.values():
        column.read_again()
    with closing(DecodedFile(file.path, file.dialect)) as again:
        for batch in read_records(again, Ragged(), list(torn)):
            for column, cells in zip(torn.values(), batch.columns, strict=True):
                column.add_as(cells)
