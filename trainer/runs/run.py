"""Run: the handle of one run. It starts the thread that carries a session's events to the writer.

A command names the status that the caller saw and acts only while that still holds: a double
click or a second tab acts once, and is told what happened.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import filelock

from trainer.config.data_spec import DataSpec
from trainer.config.names import check_name
from trainer.config.registry import OPTIMIZERS
from trainer.config.run_config import RunConfig
from trainer.data.progress import listening
from trainer.data.uploads.store import refuse_other
from trainer.errors import ConfigError, DivergenceError, RunBusyError, RunNotFound, StorageError, TrainerError
from trainer.runs.best_and_last import best_and_last
from trainer.runs.checkpoint import Checkpoint, list_checkpoints
from trainer.runs.event_log import log_event, read_settings
from trainer.runs.history import History
from trainer.runs.profiling import profiled
from trainer.runs.state import LIVE, STATUSES, RunState, change_state_file, read_state_file, signature
from trainer.runs.stored_config import read_config
from trainer.runs.writer import Writer
from trainer.storage import storing
from trainer.training.engine.devices import check_device
from trainer.training.sessions.commands import (
    Commands,
    Ending,
    Interrupt,
    Pause,
    SetEpochs,
    SetLearningRate,
    Setting,
    Stop,
    with_settings,
)
from trainer.training.sessions.events import Event, Phase
from trainer.training.sessions.session import SessionState, session

__all__ = ["LIVE", "RESUMABLE", "STATUSES", "Outcome", "Run"]

RESUMABLE = ("paused", "stopped", "failed", "interrupted")
#: A run that was created but not started within this time was abandoned.
_SECONDS_TO_START = 60

#: Where a session runs: yields the events of (recipe, state, commands). `session` runs it in the calling thread.
Backend = Callable[[RunConfig, SessionState, Commands], Iterator[Event]]


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        acted: whether it had an effect.
        status: the run's status now.
        message: one sentence for whoever asked.
    """

    acted: bool
    status: str
    message: str


class Run:
    """One run: its folder, and its thread while it trains here.

    Args:
        path: the run's folder; `RunStore` creates and finds it.
        backend: where its sessions run.
    """

    def __init__(self, path: Path, backend: Backend = session):
        self.path, self._backend = path, backend
        self._lock = threading.RLock()
        # One process trains a run at a time; the system releases the lock when that process dies.
        self._owner = filelock.FileLock(path / "lock", timeout=0, thread_local=False)
        self._thread: threading.Thread | None = None
        self._is_beginning = False
        self._commands = Commands()
        self._writer: Writer | None = None
        self._stored: RunState | None = None
        self._signature: tuple | None = None
        self._config: RunConfig | None = None
        self._spec: tuple[dict | None, DataSpec | None] = (None, None)
        self._history: weakref.ref[History] | None = None
        self.refresh()

    # What is known

    @property
    def id(self) -> str:
        """The folder's name, made by the store."""
        return self.path.name

    @property
    def state(self) -> RunState:
        """What is known now, as an immutable snapshot."""
        writer = self._writer
        return writer.state if writer is not None else self._stored

    def __getattr__(self, name: str):
        # `run.status` is short for `run.state.status`, and so on for each field and property of RunState.
        if name.startswith("_") or (not hasattr(RunState, name) and name not in RunState.model_fields):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.state, name)

    @property
    def is_trained_here(self) -> bool:
        """Whether a thread of this process trains it."""
        return self._thread is not None

    @property
    def spec(self) -> DataSpec | None:
        """What was known about the data once it was loaded, with its statistics; None before the first start."""
        fields = self.state.spec
        if self._spec[0] is not fields:
            self._spec = fields, DataSpec.from_json(fields) if fields else None
        return self._spec[1]

    @property
    def pending(self) -> str | None:
        """The command that was given and has not taken effect yet: "pause", "stop", "interrupt" or None."""
        ending = self._commands.ending
        return ending.event if ending and self.is_live and self._thread else None

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
        """The recipe with what was set since."""
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
        """The measurements; one object for all who watch in this process."""
        with self._lock:
            if self._writer is not None:
                return self._writer.history
            history = self._history and self._history()
            if history is None:
                history = History.load(self.path)
                self._history = weakref.ref(history)
            return history

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """`last` and `best`: one epoch's values each, with its epoch and step, measured on the same weights."""
        if self.state.metrics is not None:
            return self.state.metrics
        # A run of an earlier version keeps them in its history alone.
        epochs = self.history.epochs
        return best_and_last(epochs, self.config.best_by, {self.step: self.state.test})

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
        saved = self.checkpoints
        if not saved or source == "latest":
            return saved[0] if saved else None
        if source == "best":
            steps = [checkpoint.step for checkpoint in saved]
            if self.best_step in steps:
                return saved[steps.index(self.best_step)]
            # The best epoch is written with the next checkpoint; until then an earlier one is the best that there is.
            return saved[-1] if self.best_step and len(saved) > 1 and steps[-1] < self.best_step else saved[0]
        for checkpoint in saved:
            if str(checkpoint.step) == str(source):
                return checkpoint
        held = ", ".join(str(checkpoint.step) for checkpoint in saved)
        raise ConfigError(
            f"from must be latest, best or the step of a checkpoint ({held}). Received: {source!r}. "
            "Choose one of these.",
            "from",
        )

    @property
    def healthy_checkpoint(self) -> Checkpoint | None:
        """The checkpoint to continue from after a divergence: the best epoch's, else the newest.

        Its loss is at most ten times the first batch's; None if there is no such checkpoint.
        """
        history, best = self.history, self.best_step
        losses = history.rows(0, len(history)).get("loss", ())
        for checkpoint in sorted(self.checkpoints, key=lambda found: found.step != best):
            window = losses[max(0, checkpoint.step - 20) : checkpoint.step]
            if len(window) and float(abs(window).max()) <= 10 * max(abs(float(losses[0])), 1e-6):
                return checkpoint
        return None

    def describe(self) -> dict:
        """Returns everything about the run as JSON-ready values."""
        state, checkpoints = self.state, self.checkpoints
        fields = ("id", "name", "status", "reason", "notes", "tags", "note", "created", "step", "epoch", "seconds")
        return {
            **{field: getattr(state, field) for field in fields},
            "config": self.config.model_dump(),
            "epochs": self.epochs,
            "total_steps": self.total_steps,
            "steps_per_second": state.steps_per_second,
            "metrics": self.metrics,
            "checkpoints": [{"step": c.step, "path": str(c.path), "digest": c.digest} for c in checkpoints],
            "digest": checkpoints[0].digest if checkpoints else None,
            "fingerprint": state.fingerprint,
        }

    def refresh(self) -> None:
        """Reads what another process has written since; marks a run whose process died as interrupted.

        Raises:
            RunNotFound: the run is not there any more.
        """
        with self._lock:
            if self._thread is not None:
                return
            before = self._stored
            found = signature(self.path)
            if found != self._signature:
                self._stored, self._signature = read_state_file(self.path), found
            if self._needs_owner():
                # A timeout (an OSError) means that another process trains it.
                with contextlib.suppress(OSError), self._owner:
                    self._stored = read_state_file(self.path)
                    if self._needs_owner():
                        self._mark_interrupted()
            history = self._history and self._history()
            has_rows = history is not None and history.refresh()
            changed = has_rows or self._stored is not before
        if changed:
            self._tell_watchers()

    # Commands

    def start(self, seen: str | None = None) -> Outcome:
        """Starts training in a background thread.

        Raises:
            ConfigError: the device is not there, or the recipe cannot be trained any more.
            StorageError: the folder cannot be written.
            RunBusyError: another process trains this run.
        """
        # A run that was not started in time counts as interrupted and can be started all the same.
        allowed = ("queued",) if self.state.started else ("queued", "interrupted")
        return self._begin("start", seen, allowed)

    def resume(
        self,
        seen: str | None = None,
        source: str | int = "latest",
        *,
        epochs: int | None = None,
        learning_rate: float | None = None,
    ) -> Outcome:
        """Continues from a checkpoint, exactly where it left off.

        Args:
            seen: the status that the caller saw, or None.
            source: "latest", "best", or a checkpoint's step. Later steps and checkpoints are deleted.
            epochs: train for so many epochs in total; a completed run can be continued so.
            learning_rate: from here on.

        Raises:
            ConfigError: there is no such checkpoint, or what the recipe names is gone.
            DataError: the data file is gone, or is not the one that the run began with.
            StorageError: the folder cannot be written.
            RunBusyError: another process trains this run.
        """
        at_most = None
        if source != "latest":
            checkpoint = self.find_checkpoint(source)
            if checkpoint is None:
                raise ConfigError("from must be latest: there is no checkpoint yet. Resume from the latest.", "from")
            at_most = checkpoint.step
        settings: list[Setting] = []
        if epochs is not None:
            self._check_epochs(epochs, at_most or self.step)
            settings.append(SetEpochs(epochs=epochs))
        if learning_rate is not None:
            settings.append(self._learning_rate_setting(learning_rate))
        is_longer = epochs is not None or (at_most is not None and at_most < (self.total_steps or 0))
        return self._begin("resume", seen, (*RESUMABLE, "completed") if is_longer else RESUMABLE, at_most, settings)

    def pause(self, seen: str | None = None) -> Outcome:
        """Asks the run to write a checkpoint and end, to resume later."""
        return self._ask(Pause(), seen)

    def stop(self, seen: str | None = None) -> Outcome:
        """Asks the run to write a checkpoint and end; a paused run is stopped at once.

        Raises:
            StorageError: the folder cannot be written.
        """
        with self._lock:
            self.refresh()
            if self.status != "paused" or seen not in (None, "paused"):
                return self._ask(Stop(), seen)
            try:
                with storing(self.path), self._owner:
                    log_event(self.path, "stopped", self.step)
                    self._change(status="stopped", reason=f"Stopped by the user at step {self.step}.")
            except StorageError as error:
                if isinstance(error.__cause__, filelock.Timeout):
                    return self._decline("stop", seen)
                raise
        self._tell_watchers()
        return Outcome(True, self.status, "Stopped.")

    def interrupt(self) -> Outcome:
        """Asks the run to write a checkpoint and end, because the process must end."""
        return self._ask(Interrupt(), None)

    def set_epochs(self, epochs: int) -> Outcome:
        """Sets how many epochs a live run trains in total; `resume(epochs=…)` does it for others.

        Raises:
            ConfigError: fewer than it has begun.
        """
        self._check_epochs(epochs, self.step)
        return self._set(SetEpochs(epochs=epochs), f"The run now trains for {epochs} epochs.")

    def set_learning_rate(self, learning_rate: float) -> Outcome:
        """Sets the learning rate of a live run; `resume(learning_rate=…)` does it for others.

        Raises:
            ConfigError: out of the optimizer's range.
        """
        return self._set(self._learning_rate_setting(learning_rate), f"The learning rate is now {learning_rate:g}.")

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the run's thread has ended; returns whether it has.

        Args:
            timeout: seconds, or None for no limit.
        """
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
            return not thread.is_alive()
        return True

    def rename(self, name: str) -> None:
        """Gives the run another display name.

        Raises:
            ConfigError: empty, too long, or with control characters.
            StorageError: the folder cannot be written.
        """
        name = check_name(name)
        with self._lock:
            saved = change_state_file(self.path, {"name": name})
            if self._writer is not None:
                self._writer.adopt(saved)
            else:
                self._stored = saved
        self._tell_watchers()

    def remove(self, aside: Path) -> None:
        """Moves the run's folder away; the caller deletes it there.

        Raises:
            RunBusyError: it is queued or running.
        """
        with self._lock:
            self.refresh()
            busy = RunBusyError(f"The run {self.name} is {self.status}. Stop it before you delete it.")
            if self.is_live:
                raise busy
            try:
                with self._owner:
                    self.path.rename(aside)
            except filelock.Timeout:
                raise busy from None
        self._tell_watchers()

    # How it works

    def _change(self, **fields) -> None:
        """Changes a run that nobody trains; the caller holds its lock."""
        self._stored = change_state_file(self.path, fields)
        self._signature = signature(self.path)

    def _tell_watchers(self) -> None:
        history = self._history and self._history()
        if history is not None:
            history.notify()

    def _needs_owner(self) -> bool:
        """Whether the run says that a process trains it, or is about to."""
        stored = self._stored
        was_begun = stored.started or time.time() - stored.created > _SECONDS_TO_START
        return stored.status == "running" or bool(stored.status == "queued" and was_begun)

    def _mark_interrupted(self) -> None:
        # The history is flushed just before run.json, so it knows best how far the run came.
        history = History.load(self.path)
        step, times = len(history), history.rows(0, len(history)).get("time", ())
        saved = self.checkpoints
        again = step - (saved[0].step if saved else 0)
        reason = "The process ended without warning. Resume to continue from the last checkpoint."
        if again > 0:
            start = f"the checkpoint of step {saved[0].step:,}" if saved else "the beginning"
            steps = "1 step is" if again == 1 else f"{again:,} steps are"
            reason = f"The process ended without warning. Resume continues from {start}; {steps} trained again."
        reached = {"step": step, "seconds": float(times[-1])} if step else {}
        self._change(status="interrupted", reason=reason, **reached)

    def _check_epochs(self, epochs: int, step: int) -> None:
        begun = -(-step // self.steps_per_epoch) if self.steps_per_epoch else 1
        if not isinstance(epochs, int) or not max(1, begun) <= epochs <= 1_000_000:
            raise ConfigError(
                f"epochs must be between {max(1, begun)} (the epoch that the run is in) and 1000000. "
                f"Received: {epochs!r}. Choose more epochs.",
                "epochs",
            )

    def _learning_rate_setting(self, learning_rate: float) -> SetLearningRate:
        options = self.config.optimizer_options | {"learning_rate": learning_rate}
        parsed = OPTIMIZERS[self.config.optimizer].parse(options)
        return SetLearningRate(learning_rate=parsed["learning_rate"])

    def _begin(
        self,
        command: str,
        seen: str | None,
        allowed: tuple[str, ...],
        at_most: int | None = None,
        settings: list[Setting] | None = None,
    ) -> Outcome:
        with self._lock:
            if self._thread is not None or self._is_beginning:
                return self._decline(command, seen)
            try:
                with storing(self.path):
                    self._owner.acquire()
                self._is_beginning = True
            except StorageError as error:
                if not isinstance(error.__cause__, filelock.Timeout):
                    raise
                self.refresh()
                if self.is_live:
                    return self._decline(command, seen)
                raise RunBusyError(f"Another process is using the run {self.name}. Try again in a moment.") from None
        # From here on this process owns the run. Reading its files takes no lock that a page might wait for.
        try:
            self._signature = None
            self.refresh()
            if self.status not in allowed or seen not in (None, self.status):
                return self._decline(command, seen)
            if self.spec and self.spec.sha256:
                refuse_other(self.config.dataset_options["path"], self.spec.sha256)
            # The recipe is checked again: its data or model may be gone from this machine.
            config = RunConfig.from_file(self.path / "config.json")
            check_device(config.device)
            with self._lock:
                history = self.history
                history.refresh()
                self._change(status="queued", reason="", started=time.time(), ended=None)
                self._config, self._commands = config, Commands(*settings or ())
                executor = ThreadPoolExecutor(1, thread_name_prefix=f"checkpoints-{self.id}")
                state = self._stored.changed(phase="Warming up")
                self._writer = Writer(self.path, config, history, state, executor, command)
                work = (self._writer, config, at_most, executor)
                self._thread = threading.Thread(target=self._work, args=work, name=f"run-{self.id}", daemon=True)
                self._thread.start()
                return Outcome(True, self.status, "Started." if command == "start" else "Resumed.")
        finally:
            with self._lock:
                self._is_beginning = False
                if self._thread is None:
                    self._owner.release()

    def _ask(self, ending: Ending, seen: str | None) -> Outcome:
        command = ending.event
        with self._lock:
            if not self.is_live or seen not in (None, self.status):
                return self._decline(command, seen)
            if self._thread is None:
                return self._not_here(command)
            if self._commands.give(ending):
                message = {"pause": "Pausing.", "stop": "Stopping."}.get(command, "Ending.")
                return Outcome(True, self.status, message)
            # Whoever ends the process must not turn a pause into something that resumes by itself.
            return Outcome(False, self.status, f"This run is already asked to {self._commands.ending.event}.")

    def _set(self, setting: Setting, message: str) -> Outcome:
        with self._lock:
            if not self.is_live:
                return Outcome(
                    False, self.status, f"Nothing was changed: this run is {self.status}. Resume it with it."
                )
            if self._thread is None:
                return self._not_here("change")
            if self._commands.give(setting):
                return Outcome(True, self.status, message)
            return Outcome(False, self.status, f"This run is already asked to {self._commands.ending.event}.")

    def _not_here(self, command: str) -> Outcome:
        if self.status == "running":
            return Outcome(False, self.status, "Another process is training this run. Use its own window.")
        return Outcome(False, self.status, f"Nothing to {command}: this run has not been started.")

    def _decline(self, command: str, seen: str | None) -> Outcome:
        if seen not in (None, self.status):
            message = f"Nothing was done: this run is no longer {seen}, it is {self.status}."
        else:
            message = f"Nothing to {command}: this run is {self.status}."
        return Outcome(False, self.status, message)

    def _work(self, writer: Writer, config: RunConfig, at_most: int | None, executor: ThreadPoolExecutor) -> None:
        """The body of the thread: a session's events, applied one after the other, and how it ended."""
        try:
            with executor, contextlib.closing(writer):
                self._carry(writer, config, at_most)
        except BaseException as error:  # The worker's edge: whatever it is, the run must not stay "running".
            writer.fail(self._explain(error), traceback.format_exc())
        with self._lock:
            writer.finish()
            # Whoever watches keeps the history alive; nobody else needs it in memory.
            self._history, self._stored = weakref.ref(writer.history), writer.state
            with contextlib.suppress(RunNotFound):
                self._signature = signature(self.path)
            self._writer = self._thread = None
            self._owner.release()
        writer.history.notify()

    def _carry(self, writer: Writer, config: RunConfig, at_most: int | None) -> None:
        events = self._backend(config, writer.open(at_most), self._commands)
        with contextlib.closing(events), listening(lambda text, part: writer.apply(Phase(text, part))):
            try:
                for event in profiled(events, self.path / "profile", config.profile_steps):
                    writer.apply(event)
            except DivergenceError as error:
                writer.save_best()
                writer.fail(f"{error} {self._advise_divergence()}", traceback.format_exc(), has_diverged=True)

    def _explain(self, error: BaseException) -> str:
        if isinstance(error, TrainerError):
            return str(error)
        first_line = str(error).strip().split("\n")[0][:300]
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            return "There was not enough memory. Choose a smaller model or batch size."
        if isinstance(error, OSError) and not self.path.exists():
            return "The run's folder was deleted while it trained. Start the run again."
        if isinstance(error, OSError):
            return f"The data could not be read: {first_line}. Check that its file is there and readable, then resume."
        return f"Training failed: {type(error).__name__}: {first_line}. The log has the details."

    def _advise_divergence(self) -> str:
        options, saved = self.current_config.optimizer_options, self.checkpoints
        now = f" (now {options['learning_rate']:g})" if "learning_rate" in options else ""
        advice = f"Try a smaller learning rate{now} or clip the gradient norm at 1."
        return advice + (f" The checkpoint of step {saved[0].step} is kept." if saved else "")
