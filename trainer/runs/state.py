"""RunState: what is known about a run, as an immutable snapshot, stored in run.json.

Whoever changes run.json reads it again under a lock first, so that nobody writes back stale fields:
the writer of a live run changes its status and numbers, a person its name, tags and note.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any, Literal, get_args

import filelock
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from trainer.config.data_spec import DataSpec
from trainer.config.run_config import RunConfig
from trainer.errors import RunNotFound
from trainer.storage import storing, write_json

SCHEMA = 2
Status = Literal["queued", "running", "completed", "paused", "stopped", "failed", "interrupted"]
STATUSES: tuple[str, ...] = get_args(Status)
LIVE = ("queued", "running")
#: Where a run trains: in this process, or on the cluster that TRAINDECK_RAY names.
Where = Literal["local", "cluster"]


class RunState(BaseModel):
    """A run at one moment.

    Attributes:
        id: the folder's name, made by the store.
        name, tags, note: the user's.
        status: one of `STATUSES`; reason: why, as a sentence; may be empty.
        notes: what a person should know, such as a damaged checkpoint.
        created, started, ended: unix times.
        parent: the id of the run that it was cloned from.
        where: it trains, or trained last.
        sweep: the id of the sweep that began it.
        dataset, model: names, for lists.
        step: optimizer updates so far; seconds: of training so far.
        steps_per_second: since the last start or resume; compilation and validation excluded.
        steps_per_epoch, epochs: optimizer updates per epoch, and epochs in total; None before the first start.
        grad_norm_stride: every how many steps the gradient norm is measured.
        metrics: "last" and "best": one epoch's values each, with its epoch and step, measured on the same weights.
        spec: what was known about the data once it was loaded, in runs of schema 1; later ones have spec.json.
        fingerprint: what the bits depend on besides the recipe.
        sparkline: at most 32 values of the training loss over the run so far; each is the mean of one bucket of steps.
        phase: work other than training, such as "Compiling the training step"; live runs only.
        has_diverged: it failed because loss or weights stopped being finite.
        is_damaged: run.json could not be read, and this comes from the other files.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    name: str
    tags: list[str] = []
    note: str = ""
    status: Status
    reason: str = ""
    notes: list[str] = []
    created: float = Field(ge=0)
    started: float | None = None
    ended: float | None = None
    parent: str | None = None
    where: Where = "local"
    sweep: str | None = None
    dataset: str | None = None
    model: str | None = None
    step: int = 0
    seconds: float = 0.0
    steps_per_second: float | None = None
    steps_per_epoch: int | None = None
    epochs: int | None = None
    grad_norm_stride: int = 1
    metrics: dict[Literal["last", "best"], dict[str, int | float]] | None = None
    sparkline: list[float] = []
    spec: dict[str, Any] | None = None
    fingerprint: dict[str, Any] = {}
    phase: str = ""
    is_damaged: bool = False
    has_diverged: bool = False
    #: Schema 1 kept the test metrics of the newest weights apart.
    test: dict[str, float] = {}

    @field_validator("metrics")
    @classmethod
    def drop_damaged(cls, metrics: dict[str, dict] | None) -> dict[str, dict] | None:
        """Returns None where a row lacks what every row has: the history tells the values too."""
        is_whole = all(not row or {"epoch", "step", "loss"} <= row.keys() for row in (metrics or {}).values())
        return metrics if is_whole else None

    @property
    def is_live(self) -> bool:
        """Whether it is queued or running."""
        return self.status in LIVE

    @property
    def total_steps(self) -> int | None:
        """Optimizer updates in total; None before the first start."""
        return self.steps_per_epoch * self.epochs if self.steps_per_epoch and self.epochs else None

    @property
    def epoch(self) -> int:
        """The epoch of the newest step, from 1; 0 before the first step."""
        return (self.step - 1) // self.steps_per_epoch + 1 if self.step and self.steps_per_epoch else 0

    @property
    def seconds_left(self) -> float | None:
        """The remaining time at this session's speed; None while it is unknown."""
        if self.status != "running" or not self.steps_per_second or not self.total_steps:
            return None
        return max(0, self.total_steps - self.step) / self.steps_per_second

    def changed(self, **fields) -> RunState:
        """Returns a snapshot with other values."""
        return self.model_copy(update=fields)

    def to_json(self) -> dict[str, Any]:
        """Returns what run.json holds."""
        return {"schema": SCHEMA, **self.model_dump(exclude={"phase", "is_damaged"})}


def read_state_file(folder: Path) -> RunState:
    """Reads a run's run.json; if it is damaged, returns what the other files tell.

    Raises:
        RunNotFound: there is no run.json.
    """
    path = folder / "run.json"
    try:
        text = path.read_bytes()
        created = path.stat().st_mtime
    except OSError:
        raise not_found(folder) from None
    try:
        return RunState.model_validate({**json.loads(text), "id": folder.name})
    except (ValueError, TypeError, ValidationError, RecursionError):
        reason = "run.json is damaged, so its name, notes and status are lost. "
        if (folder / "config.json").is_file():
            reason += "Resume to continue from the newest checkpoint, or delete the run."
        else:
            reason += "config.json is missing too. Delete the run, or restore the files from a copy."
        return RunState(
            id=folder.name, name=folder.name, status="interrupted", reason=reason, created=created, is_damaged=True
        )


def change_state_file(folder: Path, changes: dict[str, Any], *, durable: bool = True) -> RunState:
    """Changes fields of run.json, under a lock that all processes share; returns the new state.

    Args:
        folder: of the run.
        changes: JSON-ready values by field of `RunState`.
        durable: wait until the file is on the disk.

    Raises:
        RunNotFound: the run does not exist any more.
        StorageError: the disk is full, or the folder cannot be written.
    """
    if not folder.is_dir():
        raise not_found(folder)
    with storing(folder), filelock.FileLock(folder / "run.json.lock", timeout=10):
        # Fields that this version does not know stay in the file.
        state = read_state_file(folder)
        known = {} if state.is_damaged else json.loads((folder / "run.json").read_bytes())
        fields = known | state.to_json() | changes
        write_json(folder / "run.json", fields, durable=durable)
    return RunState.model_validate(fields | {"id": folder.name})


def read_spec(folder: Path, state: RunState) -> DataSpec | None:
    """Reads what was known about a run's data once it was loaded; None before the first start.

    It has a file of its own, because it can be large and changes only at a start.
    """
    fields = state.spec
    with contextlib.suppress(OSError, ValueError):
        fields = json.loads((folder / "spec.json").read_bytes())
    return DataSpec.from_json(fields) if fields else None


def signature(folder: Path) -> tuple:
    """Returns a value that changes whenever run.json is replaced.

    Raises:
        RunNotFound: the run does not exist any more.
    """
    try:
        found = os.stat(folder / "run.json")
    except OSError:
        raise not_found(folder) from None
    return found.st_ino, found.st_mtime_ns, found.st_size


def not_found(folder: Path) -> RunNotFound:
    """Returns the error for a run whose folder is gone."""
    return RunNotFound(f"The run {folder.name} does not exist any more. List the runs to see which exist.")


def new_state(run_id: str, name: str, config: RunConfig, **origin) -> RunState:
    """Returns the state of a run that was just created.

    Args:
        run_id, name, config: of the run.
        origin: parent, where, sweep and tags, as in `RunState`.
    """
    return RunState(
        id=run_id,
        name=name,
        status="queued",
        created=time.time(),
        dataset=config.dataset,
        model=config.model,
        epochs=config.epochs,
        **origin,
    )
