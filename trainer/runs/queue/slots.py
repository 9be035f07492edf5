"""The slots of a device: as many runs train at once. Each is a file lock, which a dead process releases."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import filelock

from trainer.config.environment import read_setting


class Slot:
    """A slot that this process holds, or one of each of several devices.

    Args:
        parts: of each device the slot's lock, acquired, and the file that names the run.
    """

    def __init__(self, parts: Sequence[tuple[filelock.BaseFileLock, Path]]):
        self._parts = parts

    def release(self) -> None:
        """Frees the slot."""
        for lock, holder in self._parts:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)
            lock.release()


class Slots:
    """The slots of one device, or of several that a run needs at the same time.

    Args:
        folder: the queue's.
        devices: such as ("CPU:0",).
    """

    def __init__(self, folder: Path, devices: Sequence[str]):
        self._folder = folder
        self._prefixes = [re.sub(r"[^A-Za-z0-9]+", "-", device) for device in devices]

    def take(self, run_id: str) -> Slot | None:
        """Takes a free slot of every device for a run; None if one has none. The caller holds the order's lock."""
        taken = []
        for prefix in self._prefixes:
            part = self._take_one(prefix, run_id)
            if part is None:
                Slot(taken).release()
                return None
            taken.append(part)
        return Slot(taken)

    def holders(self) -> list[str]:
        """Returns the ids of the runs that hold a slot. One whose process died is listed until the slot is taken."""
        found = []
        for name in (name for prefix in self._prefixes for name in _names(prefix)):
            with contextlib.suppress(OSError, ValueError):
                found.append((self._folder / f"{name}.run").read_text(encoding="utf-8"))
        return list(dict.fromkeys(run_id for run_id in found if run_id))

    def _take_one(self, prefix: str, run_id: str) -> tuple[filelock.BaseFileLock, Path] | None:
        for name in _names(prefix):
            # Released by the thread that trains, not by the one that took it.
            lock = filelock.FileLock(self._folder / f"{name}.lock", timeout=0, thread_local=False)
            try:
                lock.acquire()
            except filelock.Timeout:
                continue
            holder = self._folder / f"{name}.run"
            with contextlib.suppress(OSError):
                holder.write_text(run_id, encoding="utf-8")
            return lock, holder
        return None


def _names(prefix: str) -> Iterator[str]:
    for number in range(read_setting("TRAINDECK_SLOTS", 1)):
        yield f"{prefix}-slot{number}"
