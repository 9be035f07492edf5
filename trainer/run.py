"""Run: one run's thread, commands and status. The only file that starts threads.

A command names the status that the caller saw and acts only while that is still so: a double
click or a second tab acts once, and is told what happened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import filelock

from trainer.brought.store import refuse_other
from trainer.checkpoint import sync
from trainer.config import RunConfig
from trainer.devices import check_device
from trainer.errors import ConfigError, DivergenceError, RunBusyError, RunNotFound, TrainerError
from trainer.facts import STATUSES, read_facts, write_json
from trainer.names import check_name
from trainer.record import LIVE, RunRecord, last_row
from trainer.session import Progress, Session

__all__ = ["LIVE", "RESUMABLE", "STATUSES", "Outcome", "Run"]

RESUMABLE = ("paused", "stopped", "failed", "interrupted")
#: A run that was made but not started within this time was left behind.
_SECONDS_TO_START = 60
_ENDINGS = {"completed": "completed", "pause": "paused", "stop": "stopped", "interrupt": "interrupted"}


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


class Run(RunRecord):
    """One run: its folder, and its thread while it trains.

    Args:
        path: the run's folder; `RunStore` makes and finds it.
    """

    def __init__(self, path: Path):
        super().__init__(path)
        # One process trains a run at a time; the system takes the lock back when that process dies.
        self._owner = filelock.FileLock(path / "lock", timeout=0, thread_local=False)
        self.refresh()

    def start(self, seen: str | None = None) -> Outcome:
        """Starts training in a background thread.

        Raises:
            ConfigError: the device is not there, or the folder cannot be written.
            RunBusyError: another process trains this run.
        """
        # A run that nobody started in time counts as interrupted, and can be started all the same.
        with self._lock:
            allowed = ("queued",) if self._facts.get("started") else ("queued", "interrupted")
            return self._begin("start", seen, allowed, None)

    def resume(self, seen: str | None = None, source: str | int = "latest") -> Outcome:
        """Goes on from a checkpoint, exactly where it left off.

        Args:
            seen: the status that the caller saw, or None.
            source: "latest", "best", or a checkpoint's step. What came after it is taken back.

        Raises:
            ConfigError: there is no such checkpoint, what the recipe names is gone, or the folder cannot be written.
            DataError: the data file is gone, or is another one than the run began with.
            RunBusyError: another process trains this run.
        """
        return self._begin("resume", seen, RESUMABLE, self._find_source(source))

    def pause(self, seen: str | None = None) -> Outcome:
        """Asks the run to write a checkpoint and end, to go on later."""
        return self._ask("pause", seen)

    def stop(self, seen: str | None = None) -> Outcome:
        """Asks the run to write a checkpoint and end; a paused run is stopped at once."""
        with self._lock:
            self.refresh()
            if self.status != "paused" or seen not in (None, "paused"):
                return self._ask("stop", seen)
            try:
                with self._owner:
                    self._log_event("stopped", self.step)
                    self._change(status="stopped", reason=f"Stopped by the user at step {self.step}.")
            except filelock.Timeout:
                return self._decline("stop", seen)
            return Outcome(True, self.status, "Stopped.")

    def interrupt(self) -> Outcome:
        """Asks the run to write a checkpoint and end, because the process must end."""
        return self._ask("interrupt", None)

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
        """
        self._change(name=check_name(name))

    def remove(self, aside: Path) -> None:
        """Takes the run's folder away.

        Args:
            aside: where it is moved to; the caller deletes it there.

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

    def refresh(self) -> None:
        """Reads the run's folder again, unless it is trained here; a run whose process died is marked so.

        Raises:
            RunNotFound: the run is not there any more.
        """
        with self._lock:
            if self._thread is not None:
                return
            self._facts, self._progress = read_facts(self.path), Progress()
            if self._needs_owner():
                # A timeout (an OSError): another process trains it. Else it may have ended in the meantime.
                with contextlib.suppress(OSError), self._owner:
                    self._facts = read_facts(self.path)
                    if self._needs_owner():
                        reason = "The process ended without warning. Resume to go on from the last checkpoint."
                        self._change(status="interrupted", reason=reason, **last_row(self.path))
            if self.status == "running":
                self._facts |= last_row(self.path)

    # How it works

    def _find_source(self, source: str | int) -> int | None:
        if source == "latest":
            return None
        steps = [checkpoint.step for checkpoint in self.checkpoints]
        wanted = self.best_step if source == "best" else int(source) if str(source).isdecimal() else None
        if wanted not in steps:
            held = ", ".join(map(str, steps)) or "none yet"
            raise ConfigError(
                f"from must be latest, best or the step of a checkpoint ({held}). Received: {source!r}. "
                "Choose one of these.",
                "from",
            )
        return wanted

    def _needs_owner(self) -> bool:
        """Whether the run says that a process is training it, or is about to."""
        was_begun = self._facts.get("started") or time.time() - self.created > _SECONDS_TO_START
        return self.status == "running" or bool(self.status == "queued" and was_begun)

    def _begin(self, command: str, seen: str | None, allowed: tuple, at_most: int | None) -> Outcome:
        with self._lock:
            if self._thread is not None:
                return self._decline(command, seen)
            try:
                self._owner.acquire()
            except filelock.Timeout:
                self.refresh()
                if self.is_live:
                    return self._decline(command, seen)
                raise RunBusyError(f"Another process has the run {self.name} in hand. Try again in a moment.") from None
            except OSError as error:
                raise ConfigError(
                    f"The run's folder {self.path} cannot be written: {error.strerror}. Change its rights, or copy "
                    "it to a folder that can be written and go on there.",
                    "runs_dir",
                ) from None
            try:
                self.refresh()
                if self.status not in allowed or seen not in (None, self.status):
                    return self._decline(command, seen)
                if self.spec and self.spec.sha256:
                    refuse_other(self.config.dataset_options["path"], self.spec.sha256)
                # The recipe is checked anew: its data or model may be gone from this machine.
                self._config = RunConfig.from_file(self.path / "config.json")
                check_device(self.config.device)
                history = self.history
                self._change(status="queued", reason="", started=time.time(), test={})
                self._wanted, self._live_history = None, history
                self._progress = Progress("Warming up", step=self.step, seconds=self.seconds)
                name = f"run-{self.id}"
                self._thread = threading.Thread(target=self._work, args=(command, at_most), name=name, daemon=True)
                self._thread.start()
                return Outcome(True, self.status, "Started." if command == "start" else "Resumed.")
            finally:
                if self._thread is None:
                    self._owner.release()

    def _ask(self, command: str, seen: str | None) -> Outcome:
        with self._lock:
            if not self.is_live or seen not in (None, self.status):
                return self._decline(command, seen)
            if self._thread is None and self.status == "running":
                return Outcome(False, self.status, "Another process is training this run. Use its own window.")
            if self._thread is None:
                return Outcome(False, self.status, f"Nothing to {command}: this run has not been started.")
            if self._wanted is None:
                self._wanted = command
                return Outcome(True, self.status, {"pause": "Pausing.", "stop": "Stopping."}.get(command, "Ending."))
            # Whoever ends the process must not turn a pause into something that is gone on with by itself.
            return Outcome(False, self.status, f"This run is already asked to {self._wanted}.")

    def _decline(self, command: str, seen: str | None) -> Outcome:
        if seen not in (None, self.status):
            message = f"Nothing was done: this run is no longer {seen}, it is {self.status}."
        else:
            message = f"Nothing to {command}: this run is {self.status}."
        return Outcome(False, self.status, message)

    def _work(self, command: str, at_most: int | None) -> None:
        """The body of the thread: one session, and whatever it ends with put into words."""
        history = self._live_history
        try:
            with ThreadPoolExecutor(1, thread_name_prefix=f"checkpoints-{self.id}") as background:
                session = Session(
                    self.path,
                    self.config,
                    history,
                    self._progress,
                    wanted=lambda: self._wanted,
                    note=self._note,
                    begun=lambda known: self._begun(command, known),
                    background=background,
                    known_fingerprint=self.fingerprint,
                    known_spec=self.spec,
                    at_most=at_most,
                )
                outcome, tested = session.run()
            reason = {
                "completed": session.ended_early,
                "pause": f"Paused by the user at step {self.step}.",
                "stop": f"Stopped by the user at step {self.step}.",
                "interrupt": f"The process was asked to end; everything up to step {self.step} is saved.",
            }[outcome]
            self._end(_ENDINGS[outcome], reason, test=tested)
        except DivergenceError as error:
            self._end("failed", f"{error} {self._advise_divergence()}")
        except TrainerError as error:
            self._end("failed", str(error))
        except MemoryError:
            self._end("failed", "There was not enough memory. Choose a smaller model or batch size.")
        except OSError as error:
            self._end("failed", f"The run's folder could not be written: {error}. Make room or check its rights.")
        except BaseException as error:  # The worker's edge: whatever it is, the run must not stay "running".
            first_line = str(error).strip().split("\n")[0][:300]
            self._end("failed", f"Training broke off: {type(error).__name__}: {first_line}. The log has the details.")

    def _end(self, status: str, reason: str, **facts) -> None:
        details = traceback.format_exc() if status == "failed" else ""
        with self._lock:
            progress = self._progress
            progress.phase = ""
            facts |= {"step": progress.step, "seconds": progress.seconds, "ended": time.time()}
            facts |= {"status": status, "reason": reason, "steps_per_second": progress.steps_per_second}
            # Where the disk is full, this process knows how it ended all the same.
            with contextlib.suppress(OSError, RunNotFound):
                self._change(**facts)
            with contextlib.suppress(OSError):
                self._log(details or f"{status} at step {progress.step}. {reason}")
                self._log_event(status, progress.step)
            history, self._live_history, self._thread = self._live_history, None, None
            # Whoever watches keeps it alive; nobody else needs it in memory.
            self._history = weakref.ref(history)
            self._owner.release()
        history.notify()

    def _begun(self, command: str, known: dict) -> None:
        with self._lock:
            self._change(
                status="running",
                spec=dataclasses.asdict(known["spec"]),
                fingerprint=known["fingerprint"],
                grad_norm_stride=known["grad_norm_stride"],
                steps_per_epoch=self._progress.steps_per_epoch,
            )
            self._log(f"Training from step {known['from_step']}.")
            self._log_event(command, known["from_step"])
        self._live_history.notify()

    def _advise_divergence(self) -> str:
        options = self.config.optimizer_options
        saved = self.checkpoints
        now = f" (now {options['learning_rate']:g})" if "learning_rate" in options else ""
        advice = f"Try a smaller learning rate{now} or clip the gradient norm at 1."
        return advice + (f" The checkpoint of step {saved[0].step} is kept." if saved else "")

    def _note(self, sentence: str) -> None:
        self._log(sentence)
        if sentence not in self.notes:  # A resumed run meets its own past.
            self._change(notes=[*self.notes, sentence])

    def _log(self, text: str) -> None:
        with open(self.path / "log.txt", "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text.rstrip()}\n")

    def _log_event(self, event: str, step: int) -> None:
        with open(self.path / "events.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "step": step, "time": time.time()}) + "\n")
            sync(file)

    def _change(self, **facts) -> None:
        with self._lock:
            self._facts = self._facts | facts
            # Another process may have changed something else, such as the name.
            self._facts = read_facts(self.path) | facts
            write_json(self.path / "run.json", self._facts)
