"""The order of the waiting runs: a small JSON file that every process changes under a lock."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import filelock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import RunNotFound
from trainer.runs.state import Where, read_state_file
from trainer.storage import storing, write_json
from trainer.training.engine.devices import devices_of
from trainer.training.sessions.commands import Setting

FOLDER = ".queue"


class Entry(BaseModel):
    """A waiting run, with all that is needed to begin it after a restart.

    Attributes:
        id: of the run.
        device: that it will train on.
        where: in the process that holds it, or on the cluster.
        command: what began it: "start" or "resume".
        at_most: continue from the checkpoint of this step; None: from the newest.
        settings: to take effect before the first step.
        ending: what another process has asked it to do instead of training.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    device: str
    where: Where = "local"
    command: Literal["start", "resume"] = "start"
    at_most: int | None = None
    settings: tuple[Annotated[Setting, Field(discriminator="event")], ...] = ()
    ending: Literal["pause", "stop"] | None = None

    @property
    def lanes(self) -> tuple[str, ...]:
        """What the run waits for, in words: runs of one lane share its slots."""
        if self.where == "local":
            return devices_of(self.device)
        return ("the cluster's CPUs" if self.device.startswith("CPU") else "the cluster's GPUs",)


class Order:
    """The waiting runs of all devices, the next one first.

    Args:
        runs: the runs folder.
    """

    def __init__(self, runs: Path):
        self.folder = runs / FOLDER
        self._runs, self._path = runs, self.folder / "order.json"
        self._signature: tuple | None = None
        self._entries: tuple[Entry, ...] = ()

    def read(self) -> tuple[Entry, ...]:
        """Returns the entries; the file is read again only after it changed."""
        try:
            found = os.stat(self._path)
        except OSError:
            return ()
        signature = found.st_ino, found.st_mtime_ns, found.st_size
        if signature != self._signature:
            self._entries, self._signature = tuple(read_entries(self._path)), signature
        return self._entries

    def find(self, run_id: str) -> Entry | None:
        """Returns a run's entry, or None if the run does not wait."""
        return next((entry for entry in self.read() if entry.id == run_id), None)

    @contextlib.contextmanager
    def changing(self) -> Iterator[list[Entry]]:
        """Gives the entries to change; they are stored when the block ends. One block at a time, in all processes.

        Raises:
            StorageError: the folder cannot be written.
        """
        with storing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.folder / "order.lock", timeout=10, poll_interval=0.002):
                entries = list(read_entries(self._path))
                before = list(entries)
                yield entries
                if entries != before:
                    write_json(self._path, {"runs": [entry.model_dump() for entry in entries]})

    def drop_ended(self, entries: list[Entry]) -> None:
        """Removes the entries of runs that were deleted or do not wait any more."""
        entries[:] = [entry for entry in entries if self.is_queued(entry)]

    def is_queued(self, entry: Entry) -> bool:
        """Returns whether an entry's run exists and is queued."""
        try:
            return read_state_file(self._runs / entry.id).status == "queued"
        except RunNotFound:
            return False

    def remove(self, run_id: str) -> None:
        """Removes a run's entry, if there is one."""
        if self.find(run_id) is not None:
            with self.changing() as entries:
                entries[:] = [entry for entry in entries if entry.id != run_id]

    def update(self, run_id: str, **fields) -> bool:
        """Changes fields of a run's entry; returns whether it has one."""
        with self.changing() as entries:
            for place, entry in enumerate(entries):
                if entry.id == run_id:
                    entries[place] = entry.model_copy(update=fields)
                    return True
        return False

    def move(self, run_id: str, place: int) -> bool:
        """Moves a waiting run; returns False if it does not wait any more.

        Args:
            run_id: of the run.
            place: among all that wait; 0: next. Larger than the last place: last.
        """
        with self.changing() as entries:
            self.drop_ended(entries)
            found = [entry for entry in entries if entry.id == run_id]
            if found:
                entries.remove(found[0])
                entries.insert(max(0, place), found[0])
        return bool(found)


def read_entries(path: Path) -> Iterator[Entry]:
    """Yields the entries of an order file, without what is damaged."""
    try:
        found = json.loads(path.read_bytes())["runs"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    seen = set()
    for fields in found if isinstance(found, list) else ():
        with contextlib.suppress(ValidationError):
            entry = Entry.model_validate(fields)
            # The id names a folder of this runs folder, never a path.
            if entry.id not in seen and Path(entry.id).name == entry.id and not entry.id.startswith("."):
                seen.add(entry.id)
                yield entry
