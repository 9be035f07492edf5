"""Append-only columns in memory and, as an Arrow IPC stream with checksums, in a file."""

from __future__ import annotations

import os
import secrets
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {"step": np.int64, "epoch": np.int32, "time": np.float64}
_CHECKSUM = "crc32"


def column_type(name: str) -> type:
    """Returns a column's dtype: float32, except for counts and times."""
    return _TYPES.get(name, np.float32)


class Table:
    """Append-only columns with one writer and many readers.

    Readers need no lock: rows below `len(table)` never change, except that `cut` and a reload
    remove rows and increase `generation`.

    Args:
        path: the file, or None to keep the rows in memory only.
        is_dense: whether row i must stay row i: damaged rows keep their place, filled with NaN.
    """

    def __init__(self, path: Path | None = None, is_dense: bool = False):
        self._path, self._file, self._writer, self._is_dense = path, None, None, is_dense
        self._arrays: dict[str, np.ndarray] = {}
        self._length = self._flushed = 0
        #: Which file was read, and up to which byte: a reader continues there.
        self._inode, self._offset = None, 0
        #: Rows of the file whose block failed its checksum; they are left out, or are NaN in a dense table.
        self.damaged = 0
        # Random: a client that reconnects after a restart must not mistake other rows for its own.
        self.generation = secrets.randbelow(2**31)

    def __len__(self) -> int:
        return self._length

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in order; empty before the first rows."""
        return tuple(self._arrays)

    @property
    def is_writing(self) -> bool:
        """Whether this object writes the file."""
        return self._writer is not None

    def rows(self, first: int, last: int) -> dict[str, np.ndarray]:
        """Returns rows [first, last) as views, one array per column."""
        return {name: array[first:last] for name, array in self._arrays.items()}

    def frame(self, since: int = 0) -> pd.DataFrame:
        """Returns the rows from `since` on as a DataFrame."""
        import pandas as pd  # Slow to import, and the first page does without it.

        return pd.DataFrame({name: array.copy() for name, array in self.rows(since, self._length).items()})

    # Reading the file

    def refresh(self) -> bool:
        """Reads what another process has written since; returns whether anything changed."""
        try:
            inode = os.stat(self._path).st_ino
        except OSError:
            return False
        if self.is_writing or (inode == self._inode and os.path.getsize(self._path) == self._offset):
            return False
        before = self._length
        if inode != self._inode:
            # A new session writes a new file, which may have fewer or other rows.
            self._inode, self._offset, self._length, self.damaged = inode, 0, 0, 0
            self._arrays = {}
            self.generation += bool(before)
        count = sum(batch.num_rows for batch, _, _ in read_blocks(self._path, self._offset))
        for batch, is_intact, end in read_blocks(self._path, self._offset):
            self._add_block(batch, is_intact, self._length + count)
            self._offset, count = end, count - batch.num_rows
        return before != self._length

    def _add_block(self, batch: pa.RecordBatch, is_intact: bool, room: int) -> None:
        rows = {name: batch.column(i).to_numpy(zero_copy_only=False) for i, name in enumerate(batch.schema.names)}
        if not is_intact:
            self.damaged += batch.num_rows
            if not self._is_dense:
                return
            rows = self._placeholder(self._length + 1, batch.num_rows, batch.schema.names)
        self._reserve(max(room, self._length + batch.num_rows), rows)
        self.append(rows)

    def _placeholder(self, first_step: int, count: int, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Returns rows of unknown measurements: time and epoch stay at their last known value."""
        known = self.rows(self._length - 1, self._length) if self._length else {}
        rows = {}
        for name in names:
            value = known[name][0] if len(known.get(name, ())) else 0
            rows[name] = np.full(count, value if name in _TYPES else np.nan, column_type(name))
        return rows | {"step": np.arange(first_step, first_step + count)}

    # Writing

    def append(self, rows: Mapping[str, np.ndarray]) -> None:
        """Adds rows, given as columns of equal length."""
        count = len(next(iter(rows.values())))
        self._reserve(self._length + count, rows)
        for name, array in self._arrays.items():
            array[self._length : self._length + count] = rows.get(name, 0 if name in _TYPES else np.nan)
        self._length += count

    def cut(self, length: int, columns: Sequence[str] = ()) -> None:
        """Keeps the first `length` rows; missing ones are filled in, so that row i stays step i + 1.

        Args:
            length: how many rows there must be.
            columns: the names of the columns of the next rows.
        """
        self._rename(columns)
        if self._length > length:
            self._length, self.generation = length, self.generation + 1
            self.close()
        elif self._length < length and (self.columns or columns):
            names = self.columns or columns
            self.append(self._placeholder(self._length + 1, length - self._length, names))

    def flush(self) -> int | None:
        """Hands new rows to the operating system; returns the file's descriptor for fsync, if there is one."""
        if self._path is None or not self._arrays:
            return None
        if self._writer is None:
            self._begin_file()
        if self._flushed < self._length:
            self._write(self._flushed, self._length)
        return self._file.fileno()

    def close(self) -> None:
        """Closes the file without flushing."""
        if self._writer is not None:
            self._writer.close()
            self._inode, self._offset = os.fstat(self._file.fileno()).st_ino, self._file.tell()
            self._file.close()
        self._writer = self._file = None

    def _rename(self, columns: Sequence[str]) -> None:
        # A damaged or older file may name other columns than the learner writes.
        if columns and self._arrays and set(columns) != set(self._arrays):
            empty = self._placeholder(1, self._length, columns)
            self._arrays = {name: self._arrays.get(name, empty[name])[: self._length].copy() for name in columns}
            self.generation += 1
            self.close()

    def _reserve(self, needed: int, rows: Mapping[str, np.ndarray]) -> None:
        new = [name for name in rows if name not in self._arrays]
        room = len(next(iter(self._arrays.values()))) if self._arrays else 0
        if not new and needed <= room:
            return
        room = max(1024, needed, 2 * room) if needed > room else room
        arrays = {}
        for name in (*self._arrays, *new):
            arrays[name] = np.empty(room, column_type(name))
            unknown = 0 if name in _TYPES else np.nan
            arrays[name][: self._length] = self._arrays[name][: self._length] if name in self._arrays else unknown
        if new and self._length:
            self.close()  # The file's schema is fixed, so the next flush writes a new file.
        self._arrays = arrays  # Replaced as a whole: readers hold no lock.

    def _begin_file(self) -> None:
        # An Arrow stream cannot be cut, so the remaining rows are written to a new file, which then grows.
        fresh = self._path.with_name(f".tmp-{self._path.name}")
        if self.damaged and self._path.exists():
            shutil.copyfile(self._path, self._path.with_name(f"damaged-{self._path.name}"))
        self._file = open(fresh, "wb", buffering=0)  # noqa: SIM115
        schema = pa.schema([(name, pa.from_numpy_dtype(array.dtype)) for name, array in self._arrays.items()])
        self._writer = pa.ipc.new_stream(self._file, schema)
        self._flushed = 0
        if self._length:
            self._write(0, self._length)
        # After a power cut the new file must have all rows of the old one.
        os.fsync(self._file.fileno())
        os.replace(fresh, self._path)
        self.damaged = 0

    def _write(self, first: int, last: int) -> None:
        batch = pa.RecordBatch.from_pydict({name: pa.array(a) for name, a in self.rows(first, last).items()})
        self._writer.write_batch(batch, custom_metadata={_CHECKSUM: str(checksum(batch))})
        self._flushed = last


def read_blocks(path: Path, offset: int = 0) -> Iterator[tuple[pa.RecordBatch, bool, int]]:
    """Yields the blocks of a file from a byte on, up to the first incomplete one.

    Args:
        path: the file.
        offset: the end of the last block that was read; 0: from the start.

    Yields:
        The rows, whether they match their checksum (files of earlier versions have none), and the block's end.
    """
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
            if offset:
                file.seek(offset)
            while True:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
                expected = dict(metadata).get(_CHECKSUM.encode()) if metadata else None
                yield batch, expected is None or expected == str(checksum(batch)).encode(), file.tell()
    except (StopIteration, OSError, EOFError, ValueError, pa.ArrowException):
        return


def checksum(batch: pa.RecordBatch) -> int:
    """Returns the CRC-32 over the names, types and values of a block."""
    total = zlib.crc32(str([(field.name, str(field.type)) for field in batch.schema]).encode())
    for column in batch.columns:
        total = zlib.crc32(column.to_numpy(zero_copy_only=False), total)
    return total
