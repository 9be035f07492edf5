"""RunView: what is known about a run, from its folder or from the writer that trains it here."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

from trainer.config.data_spec import DataSpec
from trainer.config.run_config import RunConfig
from trainer.runs.best_and_last import best_and_last
from trainer.runs.checkpoint import Checkpoint, list_checkpoints
from trainer.runs.checkpoint_lookup import find_checkpoint, find_healthy
from trainer.runs.event_log import read_settings
from trainer.runs.history import History
from trainer.runs.state import RunState, read_spec
from trainer.runs.stored_config import read_config
from trainer.runs.worker import Worker
from trainer.training.sessions.commands import with_settings


class RunView:
    """The reading half of `Run`.

    Args:
        path: the run's folder.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.RLock()
        self._worker: Worker | None = None
        self._stored: RunState | None = None
        self._config: RunConfig | None = None
        self._spec: tuple[tuple | None, DataSpec | None] = (None, None)
        # Weak: a history stays in memory only as long as somebody looks at it.
        self._history: weakref.ref[History] | None = None

    @property
    def id(self) -> str:
        """The folder's name, made by the store."""
        return self.path.name

    @property
    def state(self) -> RunState:
        """What is known now, as an immutable snapshot."""
        worker = self._worker
        return worker.writer.state if worker is not None else self._stored

    def __getattr__(self, name: str):
        # `run.status` is short for `run.state.status`, and so on for each field and property of RunState.
        if name.startswith("_") or (not hasattr(RunState, name) and name not in RunState.model_fields):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.state, name)

    @property
    def is_trained_here(self) -> bool:
        """Whether a thread of this process trains it."""
        return self._worker is not None

    @property
    def pending(self) -> str | None:
        """The command that was given and has not taken effect yet: "pause", "stop", "interrupt" or None."""
        worker = self._worker
        ending = worker and worker.commands.ending
        return ending.event if ending and self.is_live else None

    @property
    def spec(self) -> DataSpec | None:
        """What was known about the data once it was loaded, with its statistics; None before the first start."""
        started = self.state.started, self.state.steps_per_epoch
        if self._spec[0] != started or self._spec[1] is None:
            self._spec = started, read_spec(self.path, self.state)
        return self._spec[1]

    @property
    def config(self) -> RunConfig:
        """The recipe.

        Raises:
            ConfigError: it cannot be read.
        """
        if self._config is None:
            self._config = read_config(self.path)
        return self._config

    @property
    def current_config(self) -> RunConfig:
        """The recipe with the settings changed since."""
        return with_settings(self.config, read_settings(self.path), self.step)

    @property
    def epochs(self) -> int:
        """The number of epochs in total, as it was set last."""
        return self.state.epochs or self.config.epochs

    @property
    def total_steps(self) -> int | None:
        """Optimizer updates in total; None before the first start."""
        return self.steps_per_epoch and self.steps_per_epoch * self.epochs

    @property
    def history(self) -> History:
        """The measurements; one object for all readers in this process."""
        with self._lock:
            if self._worker is not None:
                return self._worker.writer.history
            history = self._open_history()
            if history is None:
                history = History.load(self.path)
                self._history = weakref.ref(history)
            return history

    def _open_history(self) -> History | None:
        """Returns the history if somebody looks at it."""
        return self._history and self._history()

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """`last` and `best`: one epoch's values each, with its epoch and step, measured on the same weights."""
        worker = self._worker
        if worker is not None:
            return worker.writer.metrics()
        if self.state.metrics is not None:
            return self.state.metrics
        # A run of an earlier version has them in its history only.
        return best_and_last(self.history.epochs, self.config.best_by, {self.step: self.state.test})

    @property
    def last_metrics(self) -> dict[str, float]:
        """The newest epoch's values; empty before the first."""
        return self.metrics["last"]

    @property
    def best_step(self) -> int | None:
        """The step at the end of the best epoch so far by `RunConfig.best_by`, or None."""
        best = self.metrics["best"]
        return int(best["step"]) if best else None

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints on disk, newest first."""
        return list_checkpoints(self.path / "checkpoints")

    def find_checkpoint(self, source: str | int = "best") -> Checkpoint | None:
        """Returns a checkpoint on disk; None if there is none yet.

        Args:
            source: "best": of the best epoch that was saved, or the newest before the first epoch; "latest"; or a step.

        Raises:
            ConfigError: there is no checkpoint of this step.
        """
        return find_checkpoint(self.checkpoints, source, self.best_step if source == "best" else None)

    @property
    def healthy_checkpoint(self) -> Checkpoint | None:
        """The checkpoint to continue from after a divergence, or None; see `find_healthy`."""
        history = self.history
        return find_healthy(self.checkpoints, self.best_step, history.rows(0, len(history)).get("loss", ()))

    def describe(self) -> dict:
        """Returns everything about the run as JSON-ready values."""
        state, checkpoints = self.state, self.checkpoints
        fields = (
            "id",
            "name",
            "status",
            "reason",
            "notes",
            "tags",
            "note",
            "where",
            "parent",
            "sweep",
            "created",
            "step",
            "epoch",
            "seconds",
        )
        return {
            **{field: getattr(state, field) for field in fields},
            "config": self.config.model_dump(),
            "commands": [{"step": s.step, **s.command.model_dump()} for s in read_settings(self.path)],
            "epochs": self.epochs,
            "total_steps": self.total_steps,
            "steps_per_second": state.steps_per_second,
            "metrics": self.metrics,
            "checkpoints": [{"step": c.step, "path": str(c.path), "digest": c.digest} for c in checkpoints],
            "digest": checkpoints[0].digest if checkpoints else None,
            "fingerprint": state.fingerprint,
        }
