"""RunRecord: what can be read of a run."""

from __future__ import annotations

import contextlib
import json
import math
import threading
import weakref
from pathlib import Path

from pydantic import ValidationError

from trainer.checkpoint import list_checkpoints
from trainer.config import NESTED, RunConfig, best_epoch, best_step
from trainer.dataset import DataSpec
from trainer.errors import ConfigError
from trainer.history import History
from trainer.session import Progress

LIVE = ("queued", "running")


class RunRecord:
    """A run as its folder and, while it trains here, its thread tell it.

    Args:
        path: the run's folder.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.RLock()
        self._facts: dict = {}
        self._thread: threading.Thread | None = None
        self._wanted: str | None = None
        self._history: weakref.ref[History] | None = None
        self._live_history: History | None = None
        self._progress = Progress()
        self._config: RunConfig | None = None

    @property
    def id(self) -> str:
        """The folder's name, made by the store."""
        return self.path.name

    @property
    def name(self) -> str:
        """The user's name for it."""
        return self._facts["name"]

    @property
    def status(self) -> str:
        """One of `STATUSES`."""
        return self._facts["status"]

    @property
    def reason(self) -> str:
        """Why it has this status, as a sentence; may be empty."""
        return self._facts.get("reason", "")

    @property
    def notes(self) -> list[str]:
        """What happened on the way that a person should know, such as a damaged checkpoint."""
        return list(self._facts.get("notes", []))

    @property
    def created(self) -> float:
        """Unix time."""
        return self._facts["created"]

    @property
    def is_live(self) -> bool:
        """Whether it is queued or running."""
        return self.status in LIVE

    @property
    def pending(self) -> str | None:
        """The command that was given and has not taken effect yet: "pause", "stop", "interrupt" or None."""
        return self._wanted if self.is_live else None

    @property
    def phase(self) -> str:
        """What is being done now beside training: "Compiling the training step"; else empty."""
        return self._progress.phase if self.is_live else ""

    @property
    def config(self) -> RunConfig:
        """The recipe."""
        if self._config is None:
            self._config = read_config(self.path / "config.json")
        return self._config

    @property
    def spec(self) -> DataSpec | None:
        """What was known of the data once it was loaded, with its statistics; None before the first start."""
        fields = self._facts.get("spec")
        return DataSpec.from_json(fields) if fields else None

    @property
    def fingerprint(self) -> dict:
        """What the bits depend on beside the config."""
        return self._facts.get("fingerprint", {})

    @property
    def grad_norm_stride(self) -> int:
        """Every how many steps the gradient norm is measured."""
        return self._facts.get("grad_norm_stride", 1)

    @property
    def step(self) -> int:
        """Optimizer updates so far."""
        return self._progress.step if self._thread else self._facts.get("step", 0)

    @property
    def steps_per_epoch(self) -> int | None:
        """Optimizer updates in one pass; None before the first start."""
        return self._progress.steps_per_epoch or self._facts.get("steps_per_epoch")

    @property
    def total_steps(self) -> int | None:
        """Optimizer updates in all; None before the first start."""
        return self.steps_per_epoch and self.steps_per_epoch * self.config.epochs

    @property
    def epoch(self) -> int:
        """The epoch that the newest step belongs to, from 1; 0 before the first step."""
        return (self.step - 1) // self.steps_per_epoch + 1 if self.step and self.steps_per_epoch else 0

    @property
    def seconds(self) -> float:
        """Seconds of training so far, over all sessions."""
        return self._progress.seconds if self._thread else self._facts.get("seconds", 0.0)

    @property
    def steps_per_second(self) -> float | None:
        """Speed since the last start or resume; compilation and validation left out."""
        return self._progress.steps_per_second if self._thread else self._facts.get("steps_per_second")

    @property
    def seconds_left(self) -> float | None:
        """What is left at this session's speed; None while it is not known."""
        speed = self.steps_per_second
        return (self.total_steps - self.step) / speed if self.status == "running" and speed else None

    @property
    def history(self) -> History:
        """What was measured; read from disk at the first look."""
        with self._lock:
            history = self._live_history
            if history is None and self._history is not None:
                history = self._history()
            if history is None:
                history = History.load(self.path)
                self._history = weakref.ref(history)
            return history

    @property
    def checkpoints(self) -> list:
        """The checkpoints on disk, newest first."""
        return list_checkpoints(self.path / "checkpoints")

    @property
    def best_step(self) -> int | None:
        """The step at the end of the best epoch so far by `RunConfig.best_by`, or None."""
        return best_step(self.config, self.history.epochs)

    @property
    def last_metrics(self) -> dict[str, float]:
        """The newest epoch's row as numbers, with test metrics once they are measured; empty before the first."""
        epochs = self.history.epochs
        return _row(epochs, len(epochs) - 1) | only_finite(self._facts.get("test", {}))

    @property
    def metrics(self) -> dict[str, dict]:
        """`last` and `best`: an epoch's row each, as numbers; test metrics stand in `last`."""
        epochs = self.history.epochs
        best = best_epoch(self.config, epochs)
        return {
            "last": self.last_metrics,
            "best": {} if best is None else _row(epochs, best),
        }

    def describe(self) -> dict:
        """Returns everything about the run as JSON-ready values."""
        checkpoints = self.checkpoints
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "notes": self.notes,
            "created": self.created,
            "config": self.config.model_dump(),
            "step": self.step,
            "epoch": self.epoch,
            "total_steps": self.total_steps,
            "seconds": self.seconds,
            "steps_per_second": self.steps_per_second,
            "metrics": self.metrics,
            "checkpoints": [{"step": c.step, "path": str(c.path), "digest": c.digest} for c in checkpoints],
            "digest": checkpoints[0].digest if checkpoints else None,
            "fingerprint": self.fingerprint,
        }


def read_config(path: Path) -> RunConfig:
    """Reads a run's recipe; one that cannot be trained here any more can still be looked at.

    A recipe of a data file was checked when the run was made, and is taken as it stands: checking reads the file,
    which would be slow in a list of runs, and the file may be gone.

    Raises:
        ConfigError: it cannot be read at all.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        fields = None
    if not isinstance(fields, dict) or not fields.keys() >= RunConfig.model_fields.keys():
        return RunConfig.from_file(path)
    try:
        if "path" not in fields["dataset_options"]:
            return RunConfig.from_file(path)
    except (ConfigError, TypeError):
        pass
    return as_it_stands(fields)


def as_it_stands(fields: dict) -> RunConfig:
    """Returns a stored recipe without checking it."""
    known = dict(fields)
    for name, kind in NESTED.items():
        with contextlib.suppress(ValidationError, TypeError):
            known[name] = known[name] and kind(**known[name])
    return RunConfig.model_construct(**known)


def last_row(folder: Path) -> dict:
    """Returns how far a run came by its history on disk, as facts: step and seconds."""
    history = History(folder)
    history.read()
    row = _row(history, len(history) - 1)
    return {"step": int(row["step"]), "seconds": row["time"]} if {"step", "time"} <= row.keys() else {}


def only_finite(values: dict[str, float]) -> dict[str, float]:
    """Returns the values that JSON can hold."""
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _row(table, index: int) -> dict:
    """Returns one row as plain numbers, without what was not measured."""
    if index < 0:
        return {}
    return only_finite({name: values[0].item() for name, values in table.rows(index, index + 1).items()})
