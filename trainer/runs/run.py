"""Run: the handle of one run: start, pause, resume, stop.

A command names the status that the caller saw and acts only while that still holds: a double
click or a second tab acts once, and is told what happened.
"""

from __future__ import annotations

import contextlib
import time

import filelock

from trainer.config.names import check_name, check_note, check_tags
from trainer.errors import ConfigError, RunBusyError, RunNotFound, StorageError, TrainerError
from trainer.runs.command_checks import (
    Outcome,
    already_ending,
    describe_setting,
    epochs_setting,
    learning_rate_setting,
    not_trained_here,
    wrong_status,
)
from trainer.runs.event_log import log_event
from trainer.runs.ownership import SECONDS_TO_LOCK, OwnedRun
from trainer.runs.state import LIVE, STATUSES, Where, change_state_file
from trainer.runs.worker import Backend
from trainer.storage import delete_folder, storing
from trainer.training.sessions.commands import Command, Ending, Interrupt, Pause, SetEpochs, Setting, Stop

__all__ = ["LIVE", "RESUMABLE", "STATUSES", "Backend", "Outcome", "Run"]

RESUMABLE = ("paused", "stopped", "failed", "interrupted")
#: How long a deletion waits for a run to stop.
_SECONDS_TO_STOP = 30


class Run(OwnedRun):
    """One run: its folder, and its thread while it trains here.

    Args:
        path: the run's folder; `RunStore` creates and finds it.
        backend: where its sessions run.
    """

    # Commands

    def start(self, seen: str | None = None, *, where: Where | None = None) -> Outcome:
        """Takes the run into the queue; a background thread trains it when a slot of its device is free.

        Args:
            seen: the status that the caller saw, or None.
            where: "local", "cluster", or None: as the run was created.

        Raises:
            ClusterError: the cluster is not there, or has no such device.
            ConfigError: the device is missing, or the recipe cannot be trained any more.
            StorageError: the folder cannot be written.
            RunBusyError: another process trains this run.
        """
        # A run that was not started in time counts as interrupted, and can still be started.
        allowed = ("queued",) if self.state.started else ("queued", "interrupted")
        return self._begin(seen, allowed, "start", where)

    def recover(self) -> None:
        """Takes up a waiting run again after its process died; one that cannot train any more fails."""
        entry = self._entry()
        try:
            if entry is not None and entry.ending is not None:
                self._ask(Pause() if entry.ending == "pause" else Stop(), "queued")
            else:
                self.start("queued")
        except RunBusyError:
            return
        except TrainerError as error:
            with contextlib.suppress(OSError, RunNotFound), self._owner:
                self._order.remove(self.id)
                self._change(status="failed", reason=str(error), ended=time.time())

    def resume(
        self,
        seen: str | None = None,
        source: str | int = "latest",
        *,
        epochs: int | None = None,
        learning_rate: float | None = None,
        where: Where | None = None,
    ) -> Outcome:
        """Takes the run into the queue, to continue from a checkpoint exactly where it left off.

        Args:
            seen: the status that the caller saw, or None.
            source: "latest", "best", or a checkpoint's step. Later steps and checkpoints are deleted.
            epochs: the new number of epochs in total; with more epochs a completed run continues.
            learning_rate: the learning rate from here on.
            where: "local", "cluster", or None: where it trained last.

        Raises:
            ClusterError: the cluster is not there, or has no such device.
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
            settings.append(self._epochs_setting(epochs, at_most or self.step))
        if learning_rate is not None:
            settings.append(learning_rate_setting(self.config, learning_rate))
        is_longer = epochs is not None or (at_most is not None and at_most < (self.total_steps or 0))
        allowed = (*RESUMABLE, "completed") if is_longer else RESUMABLE
        # A run that waited in a process that died keeps its place.
        allowed = (*allowed, "queued") if self._entry() and not settings and at_most is None else allowed
        return self._begin(seen, allowed, "resume", where, at_most=at_most, settings=tuple(settings))

    def pause(self, seen: str | None = None) -> Outcome:
        """Asks the run to write a checkpoint and end, to resume later."""
        return self._ask(Pause(), seen)

    def stop(self, seen: str | None = None, reason: str = "") -> Outcome:
        """Asks the run to write a checkpoint and end; a paused run is stopped at once.

        Args:
            seen: the status that the caller saw, or None.
            reason: of a live run's end, as a sentence; empty: the user wanted it.

        Raises:
            StorageError: the folder cannot be written.
        """
        with self._lock:
            self.refresh()
            if self.status != "paused" or seen not in (None, "paused"):
                return self._ask(Stop(reason=reason), seen)
            try:
                with storing(self.path), self._owner:
                    log_event(self.path, "stopped", self.step)
                    self._change(status="stopped", reason=f"Stopped by the user at step {self.step}.")
            except StorageError as error:
                if isinstance(error.__cause__, filelock.Timeout):
                    return wrong_status("stop", self.status, seen)
                raise
        self._notify_readers()
        return Outcome(True, self.status, "Stopped.")

    def interrupt(self) -> Outcome:
        """Asks the run to write a checkpoint and end, because the process must end."""
        return self._ask(Interrupt(), None)

    def set_epochs(self, epochs: int) -> Outcome:
        """Sets how many epochs a live run trains in total; `resume(epochs=…)` does it for others.

        Raises:
            ConfigError: fewer than it has begun.
        """
        setting = self._epochs_setting(epochs, self.step)
        return self._set(setting)

    def set_learning_rate(self, learning_rate: float) -> Outcome:
        """Sets the learning rate of a live run; `resume(learning_rate=…)` does it for others.

        Raises:
            ConfigError: out of the optimizer's range.
        """
        setting = learning_rate_setting(self.config, learning_rate)
        return self._set(setting)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the run's thread has ended; returns whether it has.

        Args:
            timeout: seconds, or None for no limit.
        """
        worker = self._worker
        return worker is None or worker.wait(timeout)

    def rename(self, name: str) -> None:
        """Gives the run another display name.

        Raises:
            ConfigError: empty, too long, or with control characters.
            StorageError: the folder cannot be written.
        """
        self._store_texts(name=check_name(name))

    def annotate(self, *, tags: list[str] | None = None, note: str | None = None) -> None:
        """Replaces the run's tags, its note, or both.

        Args:
            tags: at most 20 of at most 40 characters each; duplicates are dropped. None: unchanged.
            note: at most 10,000 characters. None: unchanged.

        Raises:
            ConfigError: too many, too long, or with control characters.
            StorageError: the folder cannot be written.
        """
        texts = {} if tags is None else {"tags": check_tags(tags)}
        texts |= {} if note is None else {"note": check_note(note)}
        self._store_texts(**texts)

    def _store_texts(self, **texts) -> None:
        with self._lock:
            saved = change_state_file(self.path, texts)
            if self._worker is not None:
                self._worker.writer.adopt(saved)
            else:
                self._stored = saved
        self._notify_readers()

    def delete(self, *, stop: bool = False) -> None:
        """Deletes the run's folder: its history, checkpoints, frames and log. `RunStore.delete` also forgets the run.

        Args:
            stop: stop the run first if it is live, and wait up to 30 seconds for its end.

        Raises:
            RunBusyError: it is queued or running.
        """
        if stop and self.stop().acted:
            self._wait_until_ended()
        with self._lock:
            self.refresh()
            busy = RunBusyError(f"The run {self.name} is {self.status}. Stop it before you delete it.")
            if self._worker is not None or (self.is_live and not stop):
                raise busy
            try:
                with self._owner.acquire(SECONDS_TO_LOCK):
                    delete_folder(self.path)
            except filelock.Timeout:
                raise busy from None
        self._notify_readers()

    def _wait_until_ended(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_STOP
        self.wait(_SECONDS_TO_STOP)
        while self.is_live and time.monotonic() < deadline:
            time.sleep(0.05)  # Another process takes it out of its queue.
            self.refresh()

    # Commands to a live run

    def _ask(self, ending: Ending, seen: str | None) -> Outcome:
        with self._lock:
            if not self.is_live or seen not in (None, self.status):
                return wrong_status(ending.event, self.status, seen)
            return self._give(
                ending, ending.event, {"pause": "Pausing.", "stop": "Stopping."}.get(ending.event, "Ending.")
            )

    def _set(self, setting: Setting) -> Outcome:
        with self._lock:
            if not self.is_live:
                advice = "Resume it with the new value."
                return Outcome(False, self.status, f"Nothing was changed: this run is {self.status}. {advice}")
            return self._give(setting, "change", describe_setting(setting))

    def _give(self, command: Command, verb: str, message: str) -> Outcome:
        if self._worker is None:
            if self._entry() is None:
                return not_trained_here(verb, self.status)
            if isinstance(command, Pause | Stop):
                return self._cancel(command)
            return Outcome(False, self.status, f"This run waits in another process. Use that process to {verb} it.")
        if self._worker.give(command):
            return Outcome(True, self.status, message)
        # Whoever ends the process must not turn a pause into something that resumes by itself.
        return already_ending(self._worker.commands.ending.event, self.status)

    def _cancel(self, ending: Pause | Stop) -> Outcome:
        """Ends the wait of a run that another process holds, or held until it died."""
        status = "paused" if isinstance(ending, Pause) else "stopped"
        try:
            with storing(self.path), self._owner.acquire(SECONDS_TO_LOCK):
                log_event(self.path, status, self.step)
                self._change(status=status, reason=f"{status.capitalize()} by the user at step {self.step}.")
                self._order.remove(self.id)
        except StorageError as error:
            if not isinstance(error.__cause__, filelock.Timeout):
                raise
            if not self._order.update(self.id, ending=ending.event):
                advice = f"Use that process to {ending.event} it."
                return Outcome(False, self.status, f"Another process has just begun to train this run. {advice}")
            return Outcome(True, self.status, "Pausing." if status == "paused" else "Stopping.")
        return Outcome(True, self.status, f"{status.capitalize()}.")

    def _epochs_setting(self, epochs: int, step: int) -> SetEpochs:
        return epochs_setting(epochs, -(-step // self.steps_per_epoch) if self.steps_per_epoch else 1)
