"""RunStore: the folder of runs."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from trainer.config.names import check_name, check_tags, invent_name
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError, RunNotFound
from trainer.runs.cluster.connection import check_cluster
from trainer.runs.listing.states import StateCache
from trainer.runs.queue.order import Order
from trainer.runs.run import Backend, Outcome, Run
from trainer.runs.state import RunState, Where, new_state
from trainer.storage import delete_folder, write_json
from trainer.training.engine.devices import check_device, check_memory
from trainer.training.sessions.session import session

_default: RunStore | None = None
_default_lock = threading.Lock()


def new_run_id() -> str:
    """Returns an id for a run that does not exist yet: the time, and six random digits."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


class RunStore:
    """Creates, finds and deletes runs in one folder.

    Args:
        path: the folder; the first run creates it.
        backend: where sessions run; see `Backend`.
    """

    def __init__(self, path: str | Path = "runs", backend: Backend = session):
        self.path, self._backend = Path(path).resolve(), backend
        self._runs: dict[str, Run] = {}
        self._lock = threading.RLock()
        self._states, self._order = StateCache(self.path), Order(self.path)
        # A thread must not outlive the interpreter, and its run must save a checkpoint first.
        atexit.register(self.close)

    @classmethod
    def default(cls) -> RunStore:
        """Returns this process's store for the folder that TRAINDECK_RUNS names ("runs")."""
        global _default
        with _default_lock:
            if _default is None:
                _default = cls(os.environ.get("TRAINDECK_RUNS") or "runs")
            return _default

    def create(
        self,
        config: RunConfig,
        name: str | None = None,
        parent: str | None = None,
        where: Where = "local",
        *,
        run_id: str | None = None,
        sweep: str | None = None,
        tags: Sequence[str] = (),
    ) -> Run:
        """Creates a run, which waits for `start`.

        Args:
            config: its recipe.
            name: the user's name for it; None: a random one.
            parent: the id of the run that it was copied from.
            where: it will train; see `Run.start`.
            run_id: from `new_run_id`, for a caller that must know it first; None: a new one.
            sweep: the id of the sweep that it belongs to.
            tags: its first tags.

        Raises:
            ClusterError: the cluster is not there, or has no such device.
            ConfigError: the device is missing, the model does not fit into memory, the name is not allowed,
                or the folder cannot be written.
        """
        if where == "local":
            check_device(config)
            check_memory(config)
        else:
            check_cluster(config.device)
        name = check_name(name) if name is not None else invent_name()
        run_id = run_id or new_run_id()
        folder, temporary = self.path / run_id, self.path / f".tmp-{run_id}"
        origin = {"parent": parent, "where": where, "sweep": sweep, "tags": check_tags(list(tags))}
        state = new_state(run_id, name, config, **origin)
        try:
            temporary.mkdir(parents=True)
            (temporary / "checkpoints").mkdir()
            (temporary / "config.json").write_text(config.to_json(), encoding="utf-8")
            write_json(temporary / "run.json", state.to_json())
            os.rename(temporary, folder)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise ConfigError(
                f"The runs folder {self.path} cannot be written: {(error.__cause__ or error).strerror}. "
                "Free space on the disk, change its permissions, or choose another with --runs-dir or TRAINDECK_RUNS.",
                "runs_dir",
            ) from None
        with self._lock:
            self._runs[run_id] = Run(folder, self._backend)
            return self._runs[run_id]

    def get(self, run_id: str) -> Run:
        """Returns a run by id.

        Raises:
            RunNotFound: there is none. No path is made from a `run_id` that is not the name of a folder here.
        """
        folder = self.path / run_id if run_id in self._names() else None
        if folder is None or not (folder / "run.json").is_file():
            raise RunNotFound(f"There is no run {run_id!r:.60} in {self.path}. List the runs to find its id.")
        return self._open(folder)

    def list(self) -> list[Run]:
        """Returns all runs, newest first; folders without a readable run are left out."""
        runs = []
        for name in self._names():
            try:
                runs.append(self._open(self.path / name))
            except (OSError, RunNotFound):
                continue
        return sorted(runs, key=lambda run: run.created, reverse=True)

    def states(self) -> list[RunState]:
        """Returns the states of all runs, newest first, for lists: no history is opened, and few files are read twice.

        A folder without a readable run is one state with `is_damaged` and a `reason`.
        """
        states = []
        for state in self._states.read():
            run = self._runs.get(state.id)
            if run is not None and run.is_trained_here:
                state = run.state
            elif state.is_live and not state.is_damaged:
                # Its process may have died; a run tells.
                with contextlib.suppress(OSError, RunNotFound):
                    state = self._open(self.path / state.id).state
            states.append(state)
        return sorted(states, key=lambda state: (state.created, state.id), reverse=True)

    def newest(self, most: int, *statuses: str) -> list[Run]:
        """Returns the newest runs, and opens no others.

        Args:
            most: how many.
            statuses: those that count; none: all.
        """
        found = []
        for state in self.states():
            if len(found) == most:
                break
            if not statuses or state.status in statuses:
                with contextlib.suppress(OSError, RunNotFound):
                    found.append(self._open(self.path / state.id))
        return found

    def queue(self) -> list[Run]:
        """Returns the runs that wait for a slot of their device, in order."""
        waiting = []
        for entry in self._order.read():
            with contextlib.suppress(OSError, RunNotFound):
                waiting.append(self._open(self.path / entry.id))
        return [run for run in waiting if run.status == "queued" and run.is_waiting]

    def move(self, run_id: str, place: int) -> Outcome:
        """Gives a waiting run another place in the queue.

        Args:
            run_id: of the run.
            place: 0: next.

        Raises:
            RunNotFound: there is no such run.
            StorageError: the folder cannot be written.
        """
        run = self.get(run_id)
        if not self._order.move(run_id, place):
            return Outcome(False, run.status, f"Nothing was moved: this run does not wait, it is {run.status}.")
        return Outcome(True, run.status, "Moved.")

    def recover(self) -> list[Run]:
        """Restarts waiting runs that no process holds, in order; returns all runs that are interrupted.

        A run that was training when its process died is one of these: a person decides whether it continues.
        """
        for run in self.queue():
            run.recover()
        return [run for run in self.list() if run.status == "interrupted"]

    def delete(self, run_id: str, stop: bool = False) -> None:
        """Deletes a run and its folder: its history, checkpoints, frames and log.

        Args:
            run_id: of the run; what is left of a half-deleted run can be deleted too.
            stop: stop a live run first, and wait up to 30 seconds for its end.

        Raises:
            RunNotFound: there is none.
            RunBusyError: it is queued or running; with `stop`: another process trains it.
        """
        rest = self.path / run_id if run_id in self._states.find_rests() else None
        if rest is not None:
            delete_folder(rest)
            return
        self.get(run_id).delete(stop=stop)
        with self._lock:
            self._runs.pop(run_id, None)

    def close(self, timeout: float = 10) -> bool:
        """Asks every run that trains here to save a checkpoint and end; returns whether all have.

        Args:
            timeout: seconds to wait, for all together.
        """
        deadline = time.monotonic() + timeout
        # Waiting runs first: none of them may start because another one ends.
        runs = sorted(self._runs.values(), key=lambda run: not run.is_waiting)
        for run in runs:
            run.interrupt()
        return all([run.wait(max(0, deadline - time.monotonic())) for run in runs])

    def _open(self, folder: Path) -> Run:
        with self._lock:
            if folder.name in self._runs:
                self._runs[folder.name].refresh()
            else:
                self._runs[folder.name] = Run(folder, self._backend)
            return self._runs[folder.name]

    def _names(self) -> set[str]:
        try:
            return {name for name in os.listdir(self.path) if not name.startswith(".")}
        except OSError:
            return set()
