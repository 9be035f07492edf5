"""The measurements of a run, per step and per epoch: one writer, many readers by cursor."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from trainer.runs.columns import Table

__all__ = ["History", "Table"]


class History(Table):
    """One row per optimizer step; row i is step i + 1. `epochs` has one row per epoch.

    While a run trains, its writer owns this object. Otherwise it follows the files with `refresh`.

    Args:
        folder: of the run, or None to keep everything in memory.
    """

    def __init__(self, folder: Path | None = None):
        super().__init__(folder and folder / "history.arrows", is_dense=True)
        self.epochs = Table(folder and folder / "epochs.arrows")
        #: Unix time minus the column "time", for the newest rows.
        self.wall_offset = 0.0
        self._listeners: set[Callable[[], None]] = set()
        self._listening = threading.Lock()

    @classmethod
    def load(cls, folder: Path) -> History:
        """Reads a run's history from its folder."""
        history = cls(folder)
        history.refresh()
        return history

    def refresh(self) -> bool:
        """Reads what another process has written since, and wakes the readers if there is anything."""
        changed = super().refresh() | self.epochs.refresh()
        if changed:
            self.notify()
        return changed

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
        """Removes the rows after a checkpoint.

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
        try:
            self.flush_all()
        finally:
            self.close()
            self.epochs.close()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls `callback()` after every change, in the writer's thread; returns a function that ends this."""
        with self._listening:
            self._listeners.add(callback)
        return lambda: self._unsubscribe(callback)

    @property
    def readers(self) -> int:
        """The number of subscriptions."""
        return len(self._listeners)

    def notify(self) -> None:
        """Wakes the readers. A reader that raises is removed, because it must not end the training."""
        with self._listening:
            listeners = tuple(self._listeners)
        for callback in listeners:
            try:
                callback()
            except Exception:
                logging.getLogger(__name__).exception("A reader of the history failed and is removed.")
                self._unsubscribe(callback)

    def _unsubscribe(self, callback: Callable[[], None]) -> None:
        with self._listening:
            self._listeners.discard(callback)
