"""SweepState: what is known about a sweep besides its study, as an immutable snapshot, stored in sweep.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import RunNotFound
from trainer.runs.state import Where
from trainer.storage import storing, write_json

NAME = "sweep.json"
SCHEMA = 1
Status = Literal["running", "completed", "paused", "stopped", "failed", "interrupted"]
#: Those that can be continued.
RESUMABLE = ("paused", "stopped", "failed", "interrupted")


class SweepState(BaseModel):
    """A sweep at one moment.

    Attributes:
        id: the folder's name.
        name: for people; its runs have it as a tag, and it begins their names.
        status: as of a run. "running" on disk may belong to a process that died; `Sweep.status` knows.
        reason: why, as a sentence; may be empty.
        created, ended: unix times.
        where: its runs train, as of a run.
        spec: fields of its `SweepSpec`.
        done: the number of runs that have a result; best: the best value of the metric so far, or None. For lists,
            which open no study.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    name: str
    status: Status
    reason: str = ""
    created: float = Field(ge=0)
    ended: float | None = None
    where: Where = "local"
    spec: dict[str, Any]
    done: int = 0
    best: float | None = None

    def changed(self, **fields) -> SweepState:
        """Returns a snapshot with other values."""
        return self.model_copy(update=fields)

    def write(self, folder: Path) -> None:
        """Stores it; the caller holds the sweep's lock.

        Raises:
            StorageError: the folder cannot be written.
        """
        with storing(folder):
            write_json(folder / NAME, {"schema": SCHEMA, **self.model_dump()})


def read_state(folder: Path) -> SweepState:
    """Reads a sweep's sweep.json.

    Raises:
        RunNotFound: it is missing or damaged.
    """
    try:
        return SweepState.model_validate({**json.loads((folder / NAME).read_bytes()), "id": folder.name})
    except (OSError, ValueError, TypeError, ValidationError, RecursionError):
        raise RunNotFound(
            f"The sweep {folder.name!r:.60} does not exist, or its sweep.json is damaged. Choose another sweep."
        ) from None
