"""The records of a CSV file in blocks, with their widths checked: no value moves to another column."""

from __future__ import annotations

import codecs
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.signatures import nul_byte
from trainer.data.uploads.tables.csv.dialect import BLOCK_BYTES, Dialect
from trainer.errors import DataError

#: Reading stops when there are more ragged records than this and more than a tenth of all records.
TOLERATED = 1000

#: Small blocks are joined until they have this many rows or bytes.
ENOUGH_ROWS, MOST_BYTES = 4096, 16 * 2**20

#: Seconds to wait for Arrow's thread; one that hangs in reading must not stop everything.
PATIENCE = 10


class DecodedFile:
    """A file as UTF-8 without its header, for Arrow to read; counts lines and quotation marks.

    Args:
        path: of the file.
        dialect: how it is written.

    Attributes:
        path, dialect: as given.
        name: of the file, for messages.
        lines: number of complete lines read so far.
        quotes: number of quotation marks read so far.
        failure: the error while reading; the parser may hide it.
        failed_line: the line of the byte that could not be decoded.
    """

    def __init__(self, path: Path, dialect: Dialect):
        self.path, self.dialect, self.name = path, dialect, plain_name(path.name)
        self.lines, self.quotes, self.failure, self.failed_line = 0, 0, None, 0
        self._file = path.open("rb")
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)()
        self._is_plain, self._skip = dialect.encoding == "utf-8", len(dialect.header)
        self._ready, self._newline, self._ends = b"", b"", True
        self._is_stopped, self._returned = False, threading.Event()

    def read(self, size: int = -1) -> bytes:
        """Returns the next `size` bytes, fewer at the end."""
        if self._is_stopped:
            return b""
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
            lines = self.dialect.header_lines + self.lines
            raise nul_byte(self.name, lines + data[: data.index(b"\0")].count(b"\n") + 1)
        # Old Macintosh files end their lines with a carriage return alone.
        self._newline = self._newline or (b"\n" if b"\n" in data else b"\r" if b"\r" in data else b"")
        if data:
            self.lines += data.count(self._newline) if self._newline else 0
            self.quotes += data.count(b'"')
            self._ends = bool(self._newline) and data.endswith(self._newline)
        return data

    @property
    def records(self) -> int:
        """Number of records read so far if each is one line."""
        return self.lines + (not self._ends)

    def tell(self) -> int:
        """Returns how many bytes of the file have been read."""
        return self._file.tell()

    def lend(self) -> _Lent:
        """Returns a file object for Arrow, whose own thread reads ahead and may outlive the last record."""
        lent = _Lent(self)
        weakref.finalize(lent, self._returned.set)
        return lent

    def take_back(self) -> None:
        """Ends the reading and waits until Arrow has let go of the file.

        A process that ends while Arrow's thread holds Python objects is aborted.
        """
        self._is_stopped = True
        self._returned.wait(PATIENCE)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class _Lent:
    """Arrow's file object. Its methods are borrowed: the traceback of a failed read must not keep it alive."""

    def __init__(self, file: DecodedFile):
        self.read, self.tell, self.closed = file.read, file.tell, False

    def close(self) -> None:
        self.closed = True


@dataclass
class Ragged:
    """Records with more or fewer fields than the header.

    Attributes:
        records: their numbers, counted from 0 below the header, without blank lines.
        widths: the number of fields of the first of them.
        is_hopeless: whether reading stopped because there were too many.
    """

    records: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    is_hopeless: bool = False

    def add(self, row: pyarrow.csv.InvalidRow) -> str:
        """Records a ragged row; returns what Arrow should do with it: "skip" or "error"."""
        self.records.append(row.number - 1)
        if len(self.widths) < TOLERATED:
            self.widths.append(row.actual_columns)
        self.is_hopeless = len(self.records) > TOLERATED and len(self.records) > 0.1 * row.number
        return "error" if self.is_hopeless else "skip"


def read_records(file: DecodedFile, ragged: Ragged, columns: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    """Yields the records below the header in blocks, without ragged ones.

    Small blocks, as of a table with many columns, are joined, because each call on a column costs time.

    Args:
        file: the file, from its beginning.
        ragged: collects the records that are left out.
        columns: the indices of the columns to read; None: all.

    Yields:
        string columns, named by their indices: "0", "1", …; without missing values.

    Raises:
        DataError: bytes that are no text.
        UnicodeDecodeError: bytes that are not in the encoding.
        pyarrow.ArrowInvalid: a record that is longer than a block.
    """
    held: list[pa.RecordBatch] = []
    for batch in _parse(file, ragged, columns):
        held.append(batch)
        if sum(map(len, held)) >= ENOUGH_ROWS or len(held) * BLOCK_BYTES >= MOST_BYTES:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)


def _parse(file: DecodedFile, ragged: Ragged, columns: list[int] | None) -> Iterator[pa.RecordBatch]:
    names = [str(place) for place in range(len(file.dialect.names))]
    chosen = names if columns is None else [str(place) for place in columns]
    try:
        yield from pyarrow.csv.open_csv(
            pa.PythonFile(file.lend(), mode="r"),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=file.dialect.separator, newlines_in_values=True, invalid_row_handler=ragged.add
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
    finally:
        file.take_back()
