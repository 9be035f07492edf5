"""The slots of a lane, such as a device: as many runs train at once. A dead process releases its file locks."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import filelock

from trainer.config.environment import read_setting


class Slot:
    """A slot that this process holds.

    Args:
        lock: the slot's, acquired.
        holder: the file that names the run.
    """

    def __init__(self, lock: filelock.BaseFileLock, holder: Path):
        self._lock, self._holder = lock, holder

    def release(self) -> None:
        """Frees the slot."""
        with contextlib.suppress(OSError):
            self._holder.unlink(missing_ok=True)
        self._lock.release()


def count_local_slots() -> int:
    """Returns how many runs train at once on each device of this machine."""
    return read_setting("TRAINDECK_SLOTS", 1)


class Slots:
    """The slots of one lane.

    Args:
        folder: the queue's.
        lane: such as "CPU:0".
    """

    def __init__(self, folder: Path, lane: str):
        self._folder, self._prefix = folder, re.sub(r"[^A-Za-z0-9]+", "-", lane)

    def take(self, run_id: str, count: int) -> Slot | None:
        """Takes a free slot for a run; returns None if there is none. The caller holds the order's lock.

        Args:
            run_id: of the run.
            count: how many slots the lane has.
        """
        for name in (f"{self._prefix}-slot{number}" for number in range(count)):
            # Released by the thread that trains, not by the one that took it.
            lock = filelock.FileLock(self._folder / f"{name}.lock", timeout=0, thread_local=False)
            try:
                lock.acquire()
            except filelock.Timeout:
                continue
            holder = self._folder / f"{name}.run"
            with contextlib.suppress(OSError):
                holder.write_text(run_id, encoding="utf-8")
            return Slot(lock, holder)
        return None

    def holders(self) -> list[str]:
        """Returns the ids of the runs that hold a slot. One whose process died is listed until the slot is taken."""
        found = []
        for path in sorted(self._folder.glob(f"{self._prefix}-slot*.run")):
            with contextlib.suppress(OSError, ValueError):
                found.append(path.read_text(encoding="utf-8"))
        return [run_id for run_id in found if run_id]
