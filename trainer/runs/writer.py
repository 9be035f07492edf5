"""Writer: applies a session's events to a run's folder. No other code writes there while a run is live."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np

from trainer.config.arithmetic import arithmetic_of
from trainer.config.run_config import RunConfig
from trainer.errors import CheckpointError, DivergenceError, RunNotFound
from trainer.runs.best_and_last import best_and_last, row_at
from trainer.runs.checkpoint import (
    Checkpoint,
    drop_after,
    list_checkpoints,
    newest_state,
    prune,
    read_state,
    write_checkpoint,
)
from trainer.runs.command_checks import describe_setting
from trainer.runs.endings.failures import explain_interruption
from trainer.runs.event_log import log_command, log_event, read_settings
from trainer.runs.history import History
from trainer.runs.listing.sparkline import sparkline
from trainer.runs.state import RunState, change_state_file, read_spec
from trainer.runs.stored_config import refuse_other_recipe
from trainer.runs.views.writing import FrameWriter
from trainer.storage import storing, sweep, write_json
from trainer.training.sessions.events import (
    Commanded,
    Ended,
    EpochEnd,
    Event,
    Frame,
    Note,
    Phase,
    Rows,
    Snapshot,
    Started,
)
from trainer.training.sessions.session import SessionState

#: Seconds between two times at which new rows and the state are handed to the operating system.
FLUSH_SECONDS = 1.0
_STATUS = {"completed": "completed", "pause": "paused", "stop": "stopped", "interrupt": "interrupted"}


class Writer:
    """Owns a run's folder and history for one session.

    Args:
        folder: of the run.
        config: its recipe.
        history: as it is on disk now.
        state: as it is on disk now.
        background: runs the writing of checkpoints, one at a time.
        command: what began the session: "start" or "resume".
        clock: seconds.
    """

    def __init__(
        self,
        folder: Path,
        config: RunConfig,
        history: History,
        state: RunState,
        background: Executor,
        command: str,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.folder, self.history, self.state = folder, history, state
        self._config, self._background, self._command, self._clock = config, background, command, clock
        self._checkpoints = folder / "checkpoints"
        self._frames = FrameWriter(folder)
        self._flushed = clock()
        self._writing: Future | None = None
        #: The best epoch's state, until the next checkpoint is written.
        self._best: Snapshot | None = None
        self._measured: dict[int, Mapping[str, float]] = {}
        self._weights_step: int | None = None
        #: The final fields of the state, and a line for the log.
        self._outcome = {"status": "failed", "reason": "The session ended without an outcome."}, ""

    def open(self, at_most: int | None = None) -> SessionState:
        """Returns the newest stored state that verifies; damaged ones are renamed and skipped.

        Args:
            at_most: start from the checkpoint of this step and delete the later ones; None: from the newest.

        Raises:
            CheckpointError: there is no usable checkpoint of this step, or config.json is not its recipe.
        """
        sweep(self._checkpoints)
        checkpoint, arrays, notes = newest_state(self._checkpoints, at_most, set_aside=True)
        for note in notes:
            self.note(f"{note} It was set aside and the one before is used.")
        step, manifest = (checkpoint.step, checkpoint.manifest) if checkpoint else (0, {})
        refuse_other_recipe(self._config, manifest.get("config") or {})
        if at_most is not None:
            if step != at_most:
                raise CheckpointError(f"There is no usable checkpoint of step {at_most}. Resume from the latest.")
            # Stored first: after a crash in between, later settings must not come back.
            log_event(self.folder, "rewind", step)
            drop_after(self._checkpoints, step)
        damaged = self.history.damaged + self.history.epochs.damaged
        lost = max(0, step - len(self.history))
        if damaged or lost:
            parts = [f"{damaged:,} rows failed their checksum"] if damaged else []
            parts += [f"{lost:,} rows are missing at the end"] if lost else []
            self.note(
                f"The history is damaged: {' and '.join(parts)}. These rows stay empty. The weights are not affected."
            )
        times = self.history.rows(max(0, step - 1), step).get("time", ())
        epochs = self.history.epochs.rows(0, len(self.history.epochs))
        finished = manifest.get("epochs", 0)
        kept = int(np.searchsorted(epochs.get("epoch", ()), finished, side="right"))
        return SessionState(
            step=step,
            arrays=arrays,
            epochs={name: column[:kept].copy() for name, column in epochs.items()},
            seconds=float(times[-1]) if len(times) else 0.0,
            settings=read_settings(self.folder),
            fingerprint=self.state.fingerprint,
            # If run.json was lost, the checkpoint still says it.
            arithmetic=arithmetic_of(manifest | self.state.fingerprint, step),
            spec=read_spec(self.folder, self.state),
            recall=self._recall,
        )

    def apply(self, event: Event) -> None:
        """Applies one event.

        Raises:
            StorageError: the folder cannot be written.
            DivergenceError: a state that must be stored is not finite.
        """
        with storing(self.folder):
            match event:
                case Rows():
                    speed = event.steps_per_second
                    self._update(phase="", step=event.step, seconds=event.seconds, steps_per_second=speed)
                    self.history.record(event.columns)
                case EpochEnd():
                    self.history.epochs.append({name: np.array([value]) for name, value in event.row.items()})
                    self.history.notify()
                case Snapshot():
                    self._store(event)
                case Started():
                    self._begin(event)
                case Commanded():
                    if not event.is_replayed:
                        log_command(self.folder, event.command, event.step)
                        self.log(f"Step {event.step:,}: {describe_setting(event.command)}")
                    self._save(epochs=event.epochs)
                case Phase():
                    done = f" ({event.fraction:.0%})" if event.fraction is not None else ""
                    self.tell_phase(event.text + done)
                case Note():
                    self.note(event.text)
                case Frame():
                    self._frames.write(event.epoch, event.arrays, event.fixed)
                case Ended():
                    self._end(event)
            if self._clock() - self._flushed >= FLUSH_SECONDS:
                self._flushed = self._clock()
                self.history.flush_all()
                self._save(durable=False, metrics=self.metrics(), sparkline=sparkline(self.history))

    def tell_phase(self, text: str) -> None:
        """Tells what the run does besides training."""
        self._update(phase=text)
        self.history.notify()

    def note(self, sentence: str) -> None:
        """Adds a sentence to the log and, if it is new, to the page."""
        self.log(sentence)
        if sentence not in self.state.notes:
            self._save(notes=[*self.state.notes, sentence])

    def adopt(self, saved: RunState) -> None:
        """Takes over name, tags and note after the user changed them in run.json."""
        self._update(name=saved.name, tags=saved.tags, note=saved.note)

    def log(self, text: str) -> None:
        """Appends to log.txt."""
        with storing(self.folder), open(self.folder / "log.txt", "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text.rstrip()}\n")

    def save_best(self) -> None:
        """Writes the best epoch's state after a divergence, if it is not written yet."""
        with contextlib.suppress(DivergenceError, OSError):
            if self._best is not None and self._is_free():
                self._write([self._best], self.history.flush_all())

    def fail(self, reason: str, details: str, *, has_diverged: bool = False) -> None:
        """Notes that the run failed."""
        self._outcome = {"status": "failed", "reason": reason, "has_diverged": has_diverged}, details

    def lose(self, what: str, saved: Sequence[Checkpoint]) -> None:
        """Notes that the process or machine that trained the run is gone.

        Args:
            what: happened, as a sentence.
            saved: the run's checkpoints, newest first.
        """
        reason = explain_interruption(self.state.step, saved, what)
        self._outcome = {"status": "interrupted", "reason": reason}, f"interrupted. {reason}"

    def end_waiting(self, ending: str) -> None:
        """Notes that the run ends without training; an interrupted one stays in the queue.

        Args:
            ending: "pause", "stop" or "interrupt".
        """
        if ending == "interrupt":
            self._outcome = {"status": "queued", "reason": "", "ended": None}, "The run stays in the queue."
        else:
            status = _STATUS[ending]
            reason = f"{status.capitalize()} by the user while it waited for its turn, at step {self.state.step}."
            self._outcome = {"status": status, "reason": reason}, f"{status}. {reason}"

    def close(self) -> None:
        """Waits for the checkpoint that is being written and closes the files."""
        if self._writing:
            self._writing.exception()
        with contextlib.suppress(OSError):
            self.history.close_all()

    def finish(self) -> None:
        """Stores how the session ended; if nothing can be written, at least this process knows it."""
        fields, details = self._outcome
        fields = {"phase": "", "ended": time.time(), "sparkline": sparkline(self.history)} | fields
        self._update(**fields)
        for write in (self._save, lambda: self.log(details), self._log_end):
            with contextlib.suppress(OSError, RunNotFound):
                write()

    # Events

    def _begin(self, started: Started) -> None:
        self.history.cut_to(started.step, started.finished_epochs, started.columns)
        self._frames.drop_after(started.finished_epochs)
        times = self.history.rows(max(0, started.step - 1), started.step).get("time", ())
        self._update(step=started.step, seconds=float(times[-1]) if len(times) else 0.0, metrics=self.metrics())
        log_event(self.folder, self._command, started.step)
        self.log(f"Training from step {started.step}.")
        write_json(self.folder / "spec.json", dataclasses.asdict(started.spec))
        self._save(
            status="running",
            spec=None,
            fingerprint=started.fingerprint,
            grad_norm_stride=started.grad_norm_stride,
            steps_per_epoch=started.steps_per_epoch,
            epochs=started.epochs,
            steps_per_second=None,
            test={},
            has_diverged=False,
        )
        self.history.notify()

    def _end(self, ended: Ended) -> None:
        self._measured, self._weights_step = dict(ended.measured), ended.weights_step
        status, step = _STATUS[ended.outcome], self.state.step
        reason = {
            "completed": ended.reason,
            "pause": f"Paused by the user at step {step}.",
            "stop": ended.reason or f"Stopped by the user at step {step}.",
            "interrupt": f"The process was asked to end. Everything up to step {step} is saved.",
        }[ended.outcome]
        self._outcome = {"status": status, "reason": reason, "metrics": self.metrics()}, f"{status}. {reason}"

    def _log_end(self) -> None:
        if self.state.status != "queued":
            log_event(self.folder, self.state.status, self.state.step)

    # State

    def metrics(self) -> dict[str, dict[str, float]]:
        """Returns the newest and the best epoch's values; see `best_and_last`."""
        return best_and_last(self.history.epochs, self._config.best_by, self._measured, self._weights_step)

    def _update(self, **fields) -> None:
        """Changes the state in memory; run.json follows within a second."""
        self.state = self.state.changed(**fields)

    def _save(self, *, durable: bool = True, **fields) -> None:
        """Changes the state and run.json; name, tags and note are the user's and come from there."""
        self._update(**fields)
        mine = self.state.to_json()
        for theirs in ("name", "tags", "note"):
            del mine[theirs]
        self.adopt(change_state_file(self.folder, mine, durable=durable))

    # Checkpoints

    def _store(self, snapshot: Snapshot) -> None:
        if snapshot.purpose == "best":
            self._best = snapshot
            return
        if snapshot.purpose == "due" and not self._is_free():
            return
        self._settle()
        snapshots = [*filter(None, (self._best,)), snapshot]
        self._best = None
        # Flushed here, synced there: a checkpoint must never be ahead of the history on disk.
        descriptors = self.history.flush_all()
        if snapshot.purpose != "final":
            with contextlib.suppress(RuntimeError):  # The interpreter is ending and accepts no more work.
                self._writing = self._background.submit(self._write, snapshots, descriptors)
                return
        self._write(snapshots, descriptors)

    def _write(self, snapshots: list[Snapshot], descriptors: list[int]) -> None:
        for descriptor in descriptors:
            os.fsync(descriptor)
        # Of two snapshots at one step the later one is written.
        for snapshot in {s.step: s for s in snapshots if s.step}.values():
            epoch = (snapshot.step - 1) // self.state.steps_per_epoch + 1
            extra = {
                "epoch": epoch,
                "epochs": snapshot.finished_epochs,
                "arithmetic": self.state.fingerprint["arithmetic"],
                "config": self._config.model_dump(),
            }
            with storing(self._checkpoints):
                write_checkpoint(self._checkpoints, snapshot.step, snapshot.state, snapshot.paths, extra)
        best = row_at(self.history.epochs, self._config.best_by)
        prune(self._checkpoints, self._config.keep_checkpoints, {int(best["step"])} if best else set())

    def _recall(self, step: int) -> Mapping[str, np.ndarray]:
        self._settle()
        for checkpoint in list_checkpoints(self._checkpoints):
            if checkpoint.step == step:
                return read_state(checkpoint)
        raise CheckpointError(f"The checkpoint of the best epoch (step {step}) is gone. Start a new run.")

    def _is_free(self) -> bool:
        if self._writing is not None and self._writing.done():
            self._settle()
        return self._writing is None

    def _settle(self) -> None:
        """Waits for the checkpoint that is being written; raises what went wrong with it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()
