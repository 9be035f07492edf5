"""Sweep: the handle of one sweep: start, pause, resume, stop. One process at a time drives it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import filelock

from trainer.errors import CheckpointError, RunBusyError, RunNotFound, TrainerError
from trainer.runs.command_checks import Outcome
from trainer.runs.store import RunStore
from trainer.storage import storing
from trainer.sweeps.driver import Driver
from trainer.sweeps.journal import NAME as JOURNAL
from trainer.sweeps.spec import SweepSpec
from trainer.sweeps.state import NAME, RESUMABLE, SweepState, read_state
from trainer.sweeps.study import SweepStudy
from trainer.sweeps.trials import Trial, find_best

#: Whoever looks whether a process is alive takes the lock for an instant.
_SECONDS_TO_LOCK = 0.1
_DOING = {"pause": "Pausing.", "stop": "Stopping.", "interrupt": "Ending."}


class Sweep:
    """One sweep: its folder, and its thread while it runs here.

    Args:
        path: the sweep's folder; `Sweeps` creates and finds it.
        store: of its runs.
    """

    def __init__(self, path: Path, store: RunStore):
        self.path, self._store = path, store
        self._owner = filelock.FileLock(path / "lock", timeout=0, poll_interval=0.005, thread_local=False)
        self._lock = threading.RLock()
        self._driver: Driver | None = None
        self._reader: SweepStudy | None = None
        self._spec: SweepSpec | None = None
        self._signature: tuple | None = None
        self._state = self.state

    # What is known

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def state(self) -> SweepState:
        """As it is on disk now.

        Raises:
            RunNotFound: it does not exist any more.
        """
        try:
            found = os.stat(self.path / NAME)
        except OSError:
            raise RunNotFound(f"The sweep {self.id!r:.60} does not exist any more. Choose another.") from None
        signature = found.st_ino, found.st_mtime_ns, found.st_size
        if signature != self._signature:
            self._state, self._signature = read_state(self.path), signature
        return self._state

    @property
    def name(self) -> str:
        """The name for people."""
        return self.state.name

    @property
    def status(self) -> str:
        """As of a run; "interrupted" if the process that drove it died."""
        status = self.state.status
        if status != "running" or self._driver is not None:
            return status
        try:
            with self._owner.acquire(_SECONDS_TO_LOCK):
                return "interrupted" if self.state.status == "running" else self.state.status
        except filelock.Timeout:
            return status
        except OSError:
            return "interrupted"

    @property
    def reason(self) -> str:
        """Why it has its status, or what it waits for, as a sentence; may be empty."""
        driver = self._driver
        return (driver and driver.phase) or self.state.reason

    @property
    def is_live(self) -> bool:
        """Whether a process drives it."""
        return self.status == "running"

    @property
    def pending(self) -> str | None:
        """The command that was given and has not taken effect yet, or None."""
        driver = self._driver
        return driver.ending if driver else None

    @property
    def spec(self) -> SweepSpec:
        """The recipe.

        Raises:
            TrainerError: its data or model is gone from this machine.
        """
        if self._spec is None:
            self._spec = SweepSpec(**self.state.spec)
        return self._spec

    def trials(self) -> list[Trial]:
        """Returns what was tried so far, in order.

        Raises:
            CheckpointError: the study is damaged.
        """
        study = self._study()
        return study.trials() if study else []

    def best(self) -> Trial | None:
        """Returns the best completed trial so far."""
        return find_best(self.trials(), self.spec.is_maximized)

    def importances(self) -> dict[str, float]:
        """See `SweepStudy.importances`."""
        study = self._study()
        return study.importances() if study else {}

    def _study(self) -> SweepStudy | None:
        with self._lock:
            if self._driver is not None:
                return self._driver.study
            if self._reader is None:
                if not (self.path / JOURNAL).is_file():
                    return None
                try:
                    self._reader = SweepStudy(self.path, self.spec)
                except KeyError:
                    return None  # Its process has just begun.
                except (ValueError, AssertionError) as error:
                    raise damaged(self.path) from error
            return self._reader

    # Commands

    def start(self, seen: str | None = None) -> Outcome:
        """Begins the sweep, or continues it where it ended: no run is made twice, and none is lost.

        Args:
            seen: the status that the caller saw, or None.

        Raises:
            TrainerError: its recipe cannot be trained any more, or its folder cannot be written.
            RunBusyError: another process drives it.
        """
        with self._lock:
            if self._driver is not None:
                return self._nothing("start", seen)
            try:
                with storing(self.path):
                    self._owner.acquire(_SECONDS_TO_LOCK)
            except TrainerError as error:
                if isinstance(error.__cause__, filelock.Timeout):
                    raise busy(self.name) from None
                raise
            try:
                state = self.state
                if state.status == "completed" or seen not in (None, "interrupted", state.status):
                    return self._nothing("start", seen)
                self._reader = None
                state = state.changed(status="running", reason="", ended=None)
                try:
                    driver = self._make_driver(state)
                except (KeyError, ValueError, AssertionError) as error:
                    if isinstance(error, TrainerError):
                        raise
                    raise damaged(self.path) from error
                state.write(self.path)
                self._driver = driver
                driver.start()
            except BaseException as error:
                if self._driver is not None:
                    self._driver = None
                    with contextlib.suppress(OSError, TrainerError):
                        state.changed(status="failed", reason=str(error)).write(self.path)
                raise
            finally:
                if self._driver is None:
                    self._owner.release()
        return Outcome(True, "running", "Started.")

    def resume(self, seen: str | None = None) -> Outcome:
        """Continues the sweep; see `start`."""
        if self.status not in RESUMABLE:
            return self._nothing("resume", seen)
        return self.start(seen)

    def pause(self, seen: str | None = None) -> Outcome:
        """Asks its runs to write a checkpoint and end, to resume later."""
        return self._ask("pause", seen)

    def stop(self, seen: str | None = None) -> Outcome:
        """Asks its runs to write a checkpoint and end. It can still be resumed."""
        with self._lock:
            if self._driver is None and self.status in ("paused", "interrupted") and seen in (None, self.status):
                with contextlib.suppress(filelock.Timeout), self._owner.acquire(_SECONDS_TO_LOCK):
                    self.state.changed(status="stopped", ended=time.time()).write(self.path)
                    return Outcome(True, "stopped", "Stopped.")
            return self._ask("stop", seen)

    def interrupt(self) -> Outcome:
        """Asks its runs to write a checkpoint and end, because the process must end; the next one continues."""
        return self._ask("interrupt", None)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until its thread has ended; returns whether it has."""
        driver = self._driver
        return driver is None or driver.wait(timeout)

    @property
    def is_driven_here(self) -> bool:
        """Whether a thread of this process drives it."""
        return self._driver is not None

    def _ask(self, ending: str, seen: str | None) -> Outcome:
        with self._lock:
            status = self.status
            if status != "running" or seen not in (None, status):
                return self._nothing(ending, seen)
            if self._driver is None:
                message = f"Another process runs this sweep. Use that process to {ending} it."
                return Outcome(False, status, message)
            if self._driver.end(ending):
                return Outcome(True, status, _DOING[ending])
            return Outcome(False, status, f"This sweep has already been asked to {self._driver.ending}.")

    def _nothing(self, command: str, seen: str | None) -> Outcome:
        status = self.status
        if seen not in (None, status):
            return Outcome(False, status, f"Nothing was done: this sweep is no longer {seen}, it is {status}.")
        return Outcome(False, status, f"Nothing to {command}: this sweep is {status}.")

    def _make_driver(self, state: SweepState) -> Driver:
        named = {"on_result": self._count, "on_end": self._end}
        return Driver(self.path, state, self.spec, self._store, **named)

    def _count(self) -> None:
        """Stores how far the sweep is, for lists."""
        trials = self.trials()
        best = find_best(trials, self.spec.is_maximized)
        done = sum(trial.outcome != "open" for trial in trials)
        with self._lock:
            if (done, best and best.value) != (self.state.done, self.state.best):
                self.state.changed(done=done, best=best and best.value).write(self.path)

    def _end(self, status: str, reason: str) -> None:
        """Takes over from the driver, in its thread."""
        with self._lock:
            # A full disk or a deleted folder must not keep the lock.
            with contextlib.suppress(OSError, TrainerError):
                self.state.changed(status=status, reason=reason, ended=time.time()).write(self.path)
            self._driver = None
            self._owner.release()


def damaged(folder: Path) -> CheckpointError:
    """Returns the error for a study that cannot be read."""
    return CheckpointError(
        f"The journal {folder / JOURNAL} is damaged. The runs of the sweep are not affected. "
        "Restore the file from a copy, or delete the sweep."
    )


def busy(name: str) -> RunBusyError:
    """Returns the error for a sweep that another process drives."""
    return RunBusyError(f"Another process runs the sweep {name}. Pause or stop it there first.")
