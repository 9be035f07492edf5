"""What was measured, batch by batch and epoch by epoch: one writer, many readers by cursor."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {"step": np.int64, "epoch": np.int32, "time": np.float64}


def column_type(name: str) -> type:
    """Returns how a column is kept: float32 unless it counts or tells the time."""
    return _TYPES.get(name, np.float32)


def whole_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yields the record batches of a file up to where its end is torn, if it is."""
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
            yield from reader
    except (OSError, EOFError, pa.ArrowException):
        return


class Table:
    """Append-only columns in memory and, as an Arrow IPC stream, in a file.

    Readers need no lock: rows below `len(table)` never change, except that `cut` takes the last
    ones away and then counts `generation` up.

    Args:
        path: the file, or None to keep the rows in memory only.
    """

    def __init__(self, path: Path | None = None):
        self._path, self._file, self._writer = path, None, None
        self._arrays: dict[str, np.ndarray] = {}
        self._length = self._flushed = 0
        # A reader that was cut off may come back to rows that were read anew from disk: no count starts alike.
        self.generation = secrets.randbelow(2**31)

    def read(self) -> None:
        """Reads the file as far as it is whole: a process may have died while writing the last rows."""
        # Twice through the file: once to count, once to fill, so that no row is ever in memory twice.
        count = sum(batch.num_rows for batch in whole_batches(self._path))
        first = 0
        for batch in whole_batches(self._path):
            if first + batch.num_rows > count:
                break  # Another process went on writing in between.
            if not self._arrays:
                self._arrays = {name: np.empty(count, column_type(name)) for name in batch.schema.names}
            for name, column in self._arrays.items():
                column[first : first + batch.num_rows] = batch.column(name).to_numpy(zero_copy_only=False)
            first += batch.num_rows
        self._length = first

    def __len__(self) -> int:
        return self._length

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in order; empty before the first rows."""
        return tuple(self._arrays)

    def append(self, rows: Mapping[str, np.ndarray]) -> None:
        """Adds rows, given as columns of equal length: the same names every time."""
        count = len(next(iter(rows.values())))
        self._reserve(self._length + count, rows)
        for name, values in rows.items():
            self._arrays[name][self._length : self._length + count] = values
        self._length += count

    def rows(self, first: int, last: int) -> dict[str, np.ndarray]:
        """Returns rows [first, last) as views, one array a column."""
        return {name: array[first:last] for name, array in self._arrays.items()}

    def frame(self, since: int = 0) -> pd.DataFrame:
        """Returns the rows from `since` on as a DataFrame."""
        import pandas as pd  # Slow to import, and the first page does without it.

        return pd.DataFrame({name: array.copy() for name, array in self.rows(since, self._length).items()})

    def cut(self, length: int, columns: Sequence[str] = ()) -> None:
        """Keeps the first `length` rows; missing ones are filled in, so that row i stays step i + 1.

        Args:
            length: how many rows there are to be.
            columns: the names of the columns, in case that not one row is left.
        """
        if self._length > length:
            self._length, self.generation = length, self.generation + 1
            self.close()
            self._flushed = 0
        elif self._length < length and (self.columns or columns):
            known = self.rows(self._length - 1, self._length) if self._length else {}
            lost = {}
            for name in self.columns or columns:
                # Time and epoch stand still; what was measured is not known.
                value = known.get(name, [0])[0] if name in _TYPES else np.nan
                lost[name] = np.full(length - self._length, value)
            self.append(lost | {"step": np.arange(self._length, length) + 1})

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
        """Flushes nothing; closes the file."""
        if self._writer is not None:
            self._writer.close()
            self._file.close()
        self._writer = self._file = None

    def _reserve(self, needed: int, rows: Mapping[str, np.ndarray]) -> None:
        if not self._arrays:
            self._arrays = {name: np.empty(max(1024, needed), column_type(name)) for name in rows}
        if needed > len(next(iter(self._arrays.values()))):
            for name, array in list(self._arrays.items()):
                larger = np.empty(max(needed, 2 * len(array)), array.dtype)
                larger[: self._length] = array[: self._length]
                self._arrays[name] = larger

    def _begin_file(self) -> None:
        # A stream cannot be cut, so the rows that stay are written to a new file, which then grows.
        fresh = self._path.with_name(f".tmp-{self._path.name}")
        self._file = open(fresh, "wb", buffering=0)  # noqa: SIM115
        schema = pa.schema([(name, pa.from_numpy_dtype(array.dtype)) for name, array in self._arrays.items()])
        self._writer = pa.ipc.new_stream(self._file, schema)
        self._flushed = 0
        if self._length:
            self._write(0, self._length)
        # A power cut must not leave the name without the rows that the old file had.
        os.fsync(self._file.fileno())
        os.replace(fresh, self._path)

    def _write(self, first: int, last: int) -> None:
        batch = pa.RecordBatch.from_pydict({name: pa.array(a) for name, a in self.rows(first, last).items()})
        self._writer.write_batch(batch)
        self._flushed = last


class History(Table):
    """One row per optimizer step; row i is step i + 1. Its `epochs` have one row per epoch.

    Args:
        folder: of the run, or None to keep everything in memory.
    """

    def __init__(self, folder: Path | None = None):
        super().__init__(folder and folder / "history.arrows")
        self.epochs = Table(folder and folder / "epochs.arrows")
        #: Unix time minus the column "time", for the newest rows.
        self.wall_offset = 0.0
        self._listeners: set[Callable[[], None]] = set()
        self._listening = threading.Lock()

    @classmethod
    def load(cls, folder: Path) -> History:
        """Reads a run's history from its folder."""
        history = cls(folder)
        history.read()
        history.epochs.read()
        return history

    def record(self, rows: Mapping[str, np.ndarray], wall: float | None = None) -> None:
        """Appends steps and wakes the readers.

        Args:
            rows: as for `append`, with "time": seconds of training.
            wall: unix time at the end of the last row; None: now.
        """
        self.append(rows)
        self.wall_offset = (time.time() if wall is None else wall) - float(rows["time"][-1])
        self.notify()

    def cut_to(self, step: int, finished_epochs: int, columns: Sequence[str] = ()) -> None:
        """Takes back what came after a checkpoint.

        Args:
            step: of the checkpoint.
            finished_epochs: how many epochs keep their row.
            columns: as for `cut`.
        """
        self.cut(step, columns)
        epochs = self.epochs.rows(0, len(self.epochs)).get("epoch", ())
        self.epochs.cut(int(np.searchsorted(epochs, finished_epochs, side="right")))
        self.notify()

    def flush_all(self) -> list[int]:
        """Flushes steps and epochs; returns the descriptors to fsync."""
        return [fd for fd in (self.flush(), self.epochs.flush()) if fd is not None]

    def close_all(self) -> None:
        """Flushes and closes both files."""
        self.flush_all()
        self.close()
        self.epochs.close()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls `callback()` after every change, in the writer's thread; returns how to end that."""
        with self._listening:
            self._listeners.add(callback)
        return lambda: self._forget(callback)

    @property
    def readers(self) -> int:
        """How many subscriptions there are."""
        return len(self._listeners)

    def notify(self) -> None:
        """Wakes the readers. One that raises is forgotten: no reader may end the training it watches."""
        with self._listening:
            listeners = tuple(self._listeners)
        for callback in listeners:
            try:
                callback()
            except Exception:
                logging.getLogger(__name__).exception("A reader of the history failed and gets no more news.")
                self._forget(callback)

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._listening:
            self._listeners.discard(callback)
