"""A text file of any encoding as UTF-8, for a parser that reads bytes."""

from __future__ import annotations

import codecs
import threading
import weakref
from pathlib import Path

from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.tables.csv.dialect import Dialect
from trainer.errors import DataError

#: Bytes that are read and parsed at once; no record may be longer.
BLOCK_BYTES = 2**20


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
        self._is_stopped = False

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

    def stop(self) -> None:
        """Has `read` return the end of the file from now on."""
        self._is_stopped = True

    def close(self) -> None:
        """Closes the file."""
        self.closed = True
        self._file.close()


class Lent:
    """A file that Arrow reads ahead in a thread of its own, which may outlive the last record.

    A process that ends while that thread holds Python objects is aborted.

    Args:
        file: the file.
    """

    #: Seconds to wait; a thread that hangs in reading must not hang everything.
    PATIENCE = 10

    def __init__(self, file: DecodedFile):
        self._file, self._returned = file, threading.Event()

    def take(self) -> _Reading:
        """Returns what Arrow reads from."""
        reading = _Reading(self._file)
        weakref.finalize(reading, self._returned.set)
        return reading

    def wait(self) -> None:
        """Ends the reading and waits until Arrow has let go of the file."""
        self._file.stop()
        self._returned.wait(self.PATIENCE)


class _Reading:
    """What Arrow holds of a file. No method of its own: the traceback of a failed read must not keep it alive."""

    def __init__(self, file: DecodedFile):
        self.read, self.tell, self.closed = file.read, file.tell, False

    def close(self) -> None:
        self.closed = True
