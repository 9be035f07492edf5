"""The slots of a lane, such as a device: as many runs train at once. A dead process releases its file locks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

import filelock

from trainer.config.environment import read_setting


class Slot:
    """A slot that this process holds, in each of a run's lanes.

    Args:
        parts: of each lane the slot's lock, acquired, and the file that names the run.
    """

    def __init__(self, parts: Sequence[tuple[filelock.BaseFileLock, Path]]):
        self._parts = parts

    def release(self) -> None:
        """Frees the slot."""
        for lock, holder in self._parts:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)
            lock.release()


def count_local_slots() -> int:
    """Returns how many runs train at once on each device of this machine."""
    return read_setting("TRAINDECK_SLOTS", 1)


class Slots:
    """The slots of one lane, or of several that a run needs at the same time.

    Args:
        folder: the queue's.
        lanes: such as ("CPU:0",).
    """

    def __init__(self, folder: Path, lanes: Sequence[str]):
        self._folder = folder
        self._prefixes = [re.sub(r"[^A-Za-z0-9]+", "-", lane) for lane in lanes]

    def take(self, run_id: str, count: int) -> Slot | None:
        """Takes a free slot of every lane for a run; None if one has none. The caller holds the order's lock.

        Args:
            run_id: of the run.
            count: how many slots each lane has.
        """
        taken = []
        for prefix in self._prefixes:
            part = self._take_one(prefix, run_id, count)
            if part is None:
                Slot(taken).release()
                return None
            taken.append(part)
        return Slot(taken)

    def holders(self) -> list[str]:
        """Returns the ids of the runs that hold a slot. One whose process died is listed until the slot is taken."""
        found = []
        for path in (path for prefix in self._prefixes for path in sorted(self._folder.glob(f"{prefix}-slot*.run"))):
            with contextlib.suppress(OSError, ValueError):
                found.append(path.read_text(encoding="utf-8"))
        return list(dict.fromkeys(run_id for run_id in found if run_id))

    def _take_one(self, prefix: str, run_id: str, count: int) -> tuple[filelock.BaseFileLock, Path] | None:
        for name in (f"{prefix}-slot{number}" for number in range(count)):
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
