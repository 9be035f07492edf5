"""The records of a CSV file in blocks: decoded, their widths checked, nothing shifted."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from trainer.brought.dialect import Dialect
from trainer.brought.quoting import plain_name
from trainer.errors import DataError

#: Bytes that are parsed at once; no record may be longer.
BLOCK_BYTES = 2**20

#: With more ragged records than this, and more than a tenth of all, reading is given up.
TOLERATED = 1000


class DecodedFile:
    """A file as UTF-8 without its header, for a parser that calls `read`; counts lines and quotes on the way.

    Args:
        path: of the file.
        dialect: how it is written.

    Attributes:
        lines: that have been read, as far as they end.
        quotes: quotation marks that have been read.
        failure: what went wrong while reading; the parser may hide it.
        failed_line: the line of the byte that could not be decoded.
    """

    def __init__(self, path: Path, dialect: Dialect):
        self.lines, self.quotes, self.failure, self.failed_line, self.closed = 0, 0, None, 0, False
        self._file = path.open("rb")
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)()
        self._name, self._header_lines = plain_name(path.name), dialect.header_lines
        self._is_plain, self._skip = dialect.encoding == "utf-8", len(dialect.header)
        self._ready, self._newline, self._ends = b"", b"", True

    def read(self, size: int = -1) -> bytes:
        """Returns the next `size` bytes, fewer at the end."""
        parts, length = [self._ready], len(self._ready)
        try:
            while length < size or size < 0:
                raw = self._file.read(BLOCK_BYTES)
                parts.append(self._take(raw))
                length += len(parts[-1])
                if not raw:
                    break
        except (UnicodeError, DataError) as error:
            self.failure = error
            if isinstance(error, UnicodeDecodeError):
                self.failed_line = self.lines + error.object[: error.start].count(b"\n") + 1
            raise
        data = b"".join(parts)
        size = len(data) if size < 0 else size
        self._ready = data[size:]
        return data[:size]

    def _take(self, raw: bytes) -> bytes:
        if self._is_plain and not self._skip and raw.isascii() and not self._decoder.getstate()[0]:
            data = raw
        else:
            text = self._decoder.decode(raw, not raw)
            text, self._skip = text[self._skip :], max(0, self._skip - len(text))
            data = text.encode()
        if b"\0" in data:
            line = self._header_lines + self.lines + data[: data.index(b"\0")].count(b"\n") + 1
            raise DataError(f"{self._name} has a NUL byte on line {line:,}, so it is no text. Save it as CSV in UTF-8.")
        # Old Macintosh files end their lines with a carriage return alone.
        self._newline = self._newline or (b"\n" if b"\n" in data else b"\r" if b"\r" in data else b"")
        if data:
            self.lines += data.count(self._newline) if self._newline else 0
            self.quotes += data.count(b'"')
            self._ends = bool(self._newline) and data.endswith(self._newline)
        return data

    @property
    def records(self) -> int:
        """How many records have been read if each is one line."""
        return self.lines + (not self._ends)

    def tell(self) -> int:
        """Returns how many bytes of the file have been read."""
        return self._file.tell()

    def close(self) -> None:
        """Closes the file."""
        self.closed = True
        self._file.close()


@dataclass
class Ragged:
    """Records with more or fewer fields than the header.

    Attributes:
        records: their numbers, counted from 0 below the header without blank lines.
        widths: how many fields the first of them have.
        is_hopeless: whether there were so many that reading was given up.
    """

    records: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    is_hopeless: bool = False

    def add(self, row: pyarrow.csv.InvalidRow) -> str:
        """Takes note of one, and says what is to be done with it."""
        self.records.append(row.number - 1)
        if len(self.widths) < TOLERATED:
            self.widths.append(row.actual_columns)
        self.is_hopeless = len(self.records) > TOLERATED and len(self.records) > 0.1 * row.number
        return "error" if self.is_hopeless else "skip"


def read_records(
    file: DecodedFile, dialect: Dialect, ragged: Ragged, columns: list[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yields the records below the header in blocks, leaving out ragged ones.

    Args:
        file: the file, from its beginning.
        dialect: how it is written.
        ragged: takes note of what is left out.
        columns: the places of those that are wanted; all if None.

    Yields:
        string columns, named by their places: "0", "1", …; nothing is missing in them yet.

    Raises:
        DataError: bytes that are no text.
        UnicodeDecodeError: bytes that are not in the encoding.
        pyarrow.ArrowInvalid: a record that is longer than a block.
    """
    names = [str(place) for place in range(len(dialect.names))]
    chosen = names if columns is None else [str(place) for place in columns]
    try:
        yield from pyarrow.csv.open_csv(
            pa.PythonFile(file, mode="r"),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=dialect.separator, newlines_in_values=True, invalid_row_handler=ragged.add
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=chosen, strings_can_be_null=False,
                check_utf8=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as error:
        if ragged.is_hopeless:
            return
        if file.failure:
            raise file.failure from None
        if "Empty CSV file" not in str(error):
            raise


class BrokenRecord(Exception):
    """A record that cannot be told from the next.

    Attributes:
        line: where it begins.
        reason: what is wrong with it, as the end of a sentence.
    """

    def __init__(self, line: int, reason: str):
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


def walk_records(path: Path, dialect: Dialect, *, strict: bool = False) -> Iterator[int]:
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
