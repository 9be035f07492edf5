"""OwnedRun: one process at a time holds a run: it takes the run, lets it go, and others notice when it dies."""

from __future__ import annotations

import contextlib
import time
import weakref
from pathlib import Path

import filelock

from trainer.config.run_config import RunConfig
from trainer.data.uploads import refuse_changed
from trainer.errors import ConfigError, RunBusyError, RunNotFound, StorageError
from trainer.runs.cluster.backend import on_cluster
from trainer.runs.cluster.connection import check_cluster, count_cluster_slots
from trainer.runs.command_checks import Outcome, wrong_status
from trainer.runs.endings.failures import explain_interruption
from trainer.runs.endings.webhook import announce
from trainer.runs.history import History
from trainer.runs.queue.order import Entry, Order
from trainer.runs.queue.place import explain_wait
from trainer.runs.queue.slots import count_local_slots
from trainer.runs.state import Where, change_state_file, read_state_file, signature
from trainer.runs.view import RunView
from trainer.runs.worker import Backend, Worker, in_background
from trainer.runs.writer import Writer
from trainer.storage import storing
from trainer.training.engine.devices import check_device
from trainer.training.sessions.session import session

#: A run that was created but not started within this time was abandoned.
_SECONDS_TO_START = 60
#: The queue, and everybody who looks whether a process is alive, take a run's lock for an instant.
SECONDS_TO_LOCK = 0.05


class OwnedRun(RunView):
    """A run with its lock, and its thread while it waits or trains here.

    Args:
        path: the run's folder; `RunStore` creates and finds it.
        backend: where its sessions run.
    """

    def __init__(self, path: Path, backend: Backend = session):
        super().__init__(path)
        self._backend = backend
        # One process trains a run at a time; the system releases the lock when that process dies.
        self._owner = filelock.FileLock(path / "lock", timeout=0, poll_interval=0.005, thread_local=False)
        self._order = Order(path.parent)
        self._is_beginning = False
        self._signature: tuple | None = None
        self.refresh()

    def refresh(self) -> None:
        """Reads what another process has written since; marks a run whose process died as interrupted.

        Raises:
            RunNotFound: the run does not exist any more.
        """
        with self._lock:
            if self._worker is not None:
                return
            before = self._stored
            found = signature(self.path)
            if found != self._signature:
                self._stored, self._signature = read_state_file(self.path), found
            entry = self._entry()
            phase = explain_wait(self._order, entry) if entry is not None else ""
            if phase != self._stored.phase:
                self._stored = self._stored.changed(phase=phase)
            if self._claims_a_process():
                # A timeout (an OSError) means that another process trains it.
                with contextlib.suppress(OSError), self._owner:
                    self._stored = read_state_file(self.path)
                    if self._claims_a_process():
                        self._mark_interrupted()
            history = self._open_history()
            has_rows = history is not None and history.refresh()
            changed = has_rows or self._stored is not before
        if changed:
            self._notify_readers()

    @property
    def is_waiting(self) -> bool:
        """Whether it waits in the queue for a slot of its device."""
        worker = self._worker
        return worker.place.is_waiting if worker is not None else self._entry() is not None

    # Starting and ending

    def _begin(self, seen: str | None, allowed: tuple[str, ...], command: str, where: Where | None, **asked) -> Outcome:
        with self._lock:
            if self._worker is not None or self._is_beginning:
                return wrong_status(command, self.status, seen)
            try:
                with storing(self.path):
                    self._owner.acquire(SECONDS_TO_LOCK)
                self._is_beginning = True
            except StorageError as error:
                if not isinstance(error.__cause__, filelock.Timeout):
                    raise
                self.refresh()
                if self.is_live:
                    return wrong_status(command, self.status, seen)
                raise RunBusyError(f"Another process is using the run {self.name}. Try again in a moment.") from None
        # From here on this process owns the run. Reading its files takes no lock that a page might wait for.
        try:
            self._signature = None
            self.refresh()
            if self.status not in allowed or seen not in (None, self.status):
                return wrong_status(command, self.status, seen)
            if self.spec and self.spec.sha256:
                refuse_changed(self.config.dataset_options["path"], self.spec.sha256)
            # The recipe is checked again: its data or model may be gone from this machine.
            config = RunConfig.from_file(self.path / "config.json")
            where = where or self._stored.where
            is_here = where == "local"
            check_device(config) if is_here else check_cluster(config.device)
            with self._lock:
                history = self.history
                history.refresh()
                # A run that waited in a process that died goes on as it was asked to.
                entry = self._entry() or Entry(id=self.id, device=config.device, command=command, **asked)
                entry = entry.model_copy(update={"ending": None, "where": where})
                before = self._stored.model_dump(include={"status", "reason", "started", "ended", "where"})
                self._change(status="queued", reason="", started=time.time(), ended=None, where=where)
                self._config = config
                warming_up = self._stored.changed(phase="Warming up" if is_here else "Starting on the cluster")
                worker = Worker(
                    self.path,
                    config,
                    history,
                    warming_up,
                    self._backend if is_here else on_cluster,
                    entry=entry,
                    on_end=self._end,
                    count_slots=count_local_slots if is_here else lambda: count_cluster_slots(config.device),
                )
                self._worker = worker
                try:
                    worker.start()
                except BaseException:
                    self._worker = None
                    with contextlib.suppress(OSError):
                        self._change(**before)
                    raise
                done = "Started." if command == "start" else "Resumed."
                return Outcome(True, self.status, "Added to the queue." if worker.place.is_waiting else done)
        finally:
            with self._lock:
                self._is_beginning = False
                if self._worker is None:
                    self._owner.release()

    def _end(self, writer: Writer) -> None:
        """Takes over from the worker, in its thread."""
        with self._lock:
            writer.finish()
            self._history, self._stored = weakref.ref(writer.history), writer.state
            with contextlib.suppress(RunNotFound):
                self._signature = signature(self.path)
            with contextlib.suppress(ConfigError):  # The setting was checked when the process began.
                announce(writer.state, writer.log, in_background)
            # The next run starts at once, so this one must have ended for everybody.
            with contextlib.suppress(OSError):
                self._worker.place.leave()
            self._worker = None
            self._owner.release()
        writer.history.notify()

    # run.json while nobody trains

    def _change(self, **fields) -> None:
        """Changes run.json; the caller owns the run."""
        self._stored = change_state_file(self.path, fields)
        self._signature = signature(self.path)

    def _claims_a_process(self) -> bool:
        """Returns whether run.json says that a process trains the run, or is about to."""
        stored = self._stored
        if self._entry() is not None:
            return False  # It waits, and goes on waiting after a restart.
        was_begun = stored.started or time.time() - stored.created > _SECONDS_TO_START
        return stored.status == "running" or bool(stored.status == "queued" and was_begun)

    def _mark_interrupted(self) -> None:
        # The history is flushed just before run.json, so it has the newest step.
        history = History.load(self.path)
        step, times = len(history), history.rows(0, len(history)).get("time", ())
        reached = {"step": step, "seconds": float(times[-1])} if step else {}
        self._change(status="interrupted", reason=explain_interruption(step, self.checkpoints), **reached)

    def _notify_readers(self) -> None:
        history = self._open_history()
        if history is not None:
            history.notify()

    def _entry(self) -> Entry | None:
        """Returns the run's place in the queue while nobody here trains it."""
        return self._order.find(self.id) if self._stored.status == "queued" else None
