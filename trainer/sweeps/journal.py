"""The journal of a sweep's Optuna study: a file of one JSON record per line, appended and synced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.storages import JournalStorage

NAME = "study.journal"


class _NoLock:
    """Optuna's place for a lock. The sweep's own lock lets one process write, and no dead process keeps it."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def open_journal(path: Path) -> JournalStorage:
    """Opens a journal to read it, or to write it by the process that holds the sweep's lock.

    Args:
        path: the file; it is created if it is missing.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(path), _NoLock()))


def cut_torn_record(path: Path) -> None:
    """Removes the end of a record that a dead process did not finish; the caller holds the sweep's lock."""
    if not path.exists():
        return
    with open(path, "rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
            os.fsync(file.fileno())
