"""CSV files of any common kind, as tables."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.report import Progress
from trainer.data.uploads.signatures import read_head, refuse_other_content
from trainer.data.uploads.tables.csv.blocks import Ragged, read_records
from trainer.data.uploads.tables.csv.column_builder import ColumnBuilder
from trainer.data.uploads.tables.csv.decoded_file import BLOCK_BYTES, DecodedFile
from trainer.data.uploads.tables.csv.dialect import ENCODINGS, Dialect, possible_encodings, sniff
from trainer.data.uploads.tables.csv.notes import note_encoding, note_long_values, note_ragged, note_strays
from trainer.data.uploads.tables.csv.record_lines import refuse_open_quote
from trainer.data.uploads.tables.table import Table
from trainer.errors import DataError

#: The header must be within the first so many bytes.
SNIFFED_BYTES = 2**20


def read_csv(
    path: Path, limits: Limits, progress: Progress | None = None, formats: Mapping[str, str] | None = None
) -> Table:
    """Reads a CSV file.

    Encodings are UTF-8, UTF-16 with a byte order mark, else Windows-1252; separators are comma, semicolon, tab and
    bar. Records of another width than the header are left out and told of.

    Args:
        path: of the file.
        limits: what is allowed.
        progress: is told how much is done, in [0, 1], and what.
        formats: of the numbers of some columns, by name, or "text"; those of the others are found out.

    Raises:
        DataError: it cannot be read as a table; the sentence says why, where, and what to do.
    """
    head, name = read_head(path), plain_name(path.name)
    refuse_other_content(head, name)
    encodings = possible_encodings(head)
    no_utf8 = 0
    for encoding in encodings:
        file, dialect = None, None
        try:
            dialect = sniff_file(path, encoding, limits)
            file = DecodedFile(path, dialect)
            return _read(path, file, dialect, limits, no_utf8, progress, formats or {})
        except UnicodeDecodeError as error:
            line = dialect.header_lines + file.failed_line if file else error.object[: error.start].count(b"\n") + 1
            no_utf8 = no_utf8 or line
            if encoding == encodings[-1]:
                raise DataError(
                    f"{name} begins as {ENCODINGS[encoding]}, but line {line:,} is not. It may be cut off or "
                    "damaged; save it as CSV in UTF-8."
                ) from None
        finally:
            if file:
                file.close()
    raise AssertionError("The last encoding takes every byte.")


def sniff_file(path: Path, encoding: str, limits: Limits) -> Dialect:
    """Returns how a file is written, by its first megabyte."""
    with path.open("rb") as file:
        raw = file.read(SNIFFED_BYTES + 1)
    is_whole = len(raw) <= SNIFFED_BYTES
    name = plain_name(path.name)
    text = codecs.getincrementaldecoder(encoding)().decode(raw, is_whole)
    return sniff(text, encoding, name, limits, is_whole)


def _read(
    path: Path, file: DecodedFile, dialect: Dialect, limits: Limits, no_utf8: int, progress: Progress | None,
    formats: Mapping[str, str],
) -> Table:  # fmt: skip
    """Reads a file that is written in this dialect; `no_utf8` is the line where it is no UTF-8, or 0."""
    ragged = Ragged()
    columns = [ColumnBuilder(formats.get(column, "")) for column in dialect.names]
    rows = read_columns(path, file, dialect, ragged, columns, limits, progress)
    first_line = dialect.header_lines + 1 if file.records == rows + len(ragged.records) else None
    findings, listed = note_ragged(path, dialect, ragged, rows, first_line)
    if not rows:
        raise DataError(
            f"{plain_name(path.name)} has column names and no rows below them (line {dialect.header_lines}). Save it "
            "with its data."
        )
    decimals = {sign for column in columns if (sign := column.sure_decimal())}
    for column in columns:
        column.decide(dialect.separator, decimals)
    torn = {place: column for place, column in enumerate(columns) if column.is_torn}
    if torn:
        reread(path, dialect, torn)
    data = pa.table([column.finish() for column in columns], names=list(dialect.names))
    details = {
        "format": "csv",
        "encoding": ENCODINGS[dialect.encoding],
        "separator": dialect.separator,
        "skipped": {"count": len(ragged.records), "rows": listed},
    }
    decisions = {column: builder.decision for column, builder in zip(dialect.names, columns, strict=True)}
    table = Table(data, (), "", details, first_line, tuple(ragged.records), decisions)
    findings += note_encoding(dialect, no_utf8)
    findings += note_strays(table, columns)
    findings += [] if first_line else note_long_values(table)
    return table.with_findings(findings)


def read_columns(
    path: Path, file: DecodedFile, dialect: Dialect, ragged: Ragged, columns: list[ColumnBuilder], limits: Limits,
    progress: Progress | None,
) -> int:  # fmt: skip
    """Reads all records into their columns and returns how many there are."""
    name, size, rows, needed = plain_name(path.name), max(1, path.stat().st_size), 0, 0
    try:
        for batch in read_records(file, dialect, ragged):
            rows += len(batch)
            needed += sum([column.add(cells) for column, cells in zip(columns, batch.columns, strict=True)])
            refuse_excess(name, rows, needed, limits)
            if progress:
                progress(min(1.0, file.tell() / size), f"Reading {name}")
    except pa.ArrowInvalid as error:
        refuse_open_quote(path, dialect)
        raise DataError(
            f"{name} cannot be cut into records about line {dialect.header_lines + file.lines:,} ({error}). No "
            f"record may be longer than {BLOCK_BYTES // 2**20} MB; check the quotation marks there."
        ) from None
    # Where values have line ends in them, a mark left open may have swallowed rows without a trace.
    if file.quotes % 2 or (file.quotes and file.records != rows + len(ragged.records)):
        refuse_open_quote(path, dialect)
    return rows


def reread(path: Path, dialect: Dialect, torn: dict[int, ColumnBuilder]) -> None:
    """Rereads the columns whose blocks disagree on the type. Keys are column indices."""
    for column in torn.values():
        column.read_again()
    file = DecodedFile(path, dialect)
    try:
        for batch in read_records(file, dialect, Ragged(), list(torn)):
            for column, cells in zip(torn.values(), batch.columns, strict=True):
                column.add_as(cells)
    finally:
        file.close()


def refuse_excess(name: str, rows: int, needed: int, limits: Limits) -> None:
    """Raises DataError for more rows, or more bytes in memory, than are allowed."""
    if rows > limits.rows:
        raise DataError(
            f"{name} has more than {limits.rows:,} rows, which is the limit. Take a part of them, or set "
            "TRAINDECK_MAX_ROWS."
        )
    if needed > limits.expanded_bytes:
        raise DataError(
            f"{name} needs more than {limits.expanded_bytes / 2**20:,.0f} MB as numbers, which is the limit; it got as "
            f"far as row {rows:,}. Take a part of it, or set TRAINDECK_MAX_EXPANDED_BYTES."
        )
