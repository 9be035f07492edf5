"""Sweeps: the sweeps of a folder of runs, each in a folder of its own beneath `.sweeps`."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
from pathlib import Path

import filelock

from trainer.config.names import check_name, invent_name
from trainer.errors import ConfigError, RunNotFound, TrainerError
from trainer.runs.state import Where
from trainer.runs.store import RunStore, new_run_id
from trainer.storage import delete_folder, storing
from trainer.sweeps.spec import SweepSpec
from trainer.sweeps.state import SweepState
from trainer.sweeps.sweep import Sweep, busy

FOLDER = ".sweeps"
#: A name is also a tag of the runs.
LONGEST_NAME = 40
_known: dict[int, Sweeps] = {}
_known_lock = threading.Lock()


class Sweeps:
    """Creates, finds and deletes the sweeps of one folder of runs.

    Args:
        store: of the runs.
    """

    def __init__(self, store: RunStore):
        self._store, self.path = store, store.path / FOLDER
        self._sweeps: dict[str, Sweep] = {}
        self._lock = threading.RLock()
        # After the store's own, so called before it: no run may begin while the others save.
        atexit.register(self.close)

    @classmethod
    def of(cls, store: RunStore) -> Sweeps:
        """Returns this process's sweeps of a store."""
        with _known_lock:
            found = _known.get(id(store))
            if found is None or found._store is not store:
                found = _known[id(store)] = cls(store)
            return found

    def create(self, spec: SweepSpec, name: str | None = None, where: Where = "local") -> Sweep:
        """Creates a sweep, which waits for `start`.

        Args:
            spec: its recipe.
            name: for people; None: a random one.
            where: its runs train; see `Run.start`.

        Raises:
            ConfigError: the name is not allowed.
            StorageError: the folder cannot be written.
        """
        name = check_name(name) if name is not None else invent_name()
        if len(name) > LONGEST_NAME:
            raise ConfigError(
                f"name must have at most {LONGEST_NAME} characters. Received: {len(name)}. Choose a shorter one.",
                "name",
            )
        folder = self.path / new_run_id()
        state = SweepState(
            id=folder.name, name=name, status="paused", created=time.time(), where=where, spec=spec.to_json()
        )
        with storing(self._store.path):
            folder.mkdir(parents=True)
        state.write(folder)
        return self._open(folder)

    def get(self, sweep_id: str) -> Sweep:
        """Returns a sweep by id.

        Raises:
            RunNotFound: there is none. No path is made from an id that is not the name of a folder here.
        """
        if sweep_id not in self._names():
            raise RunNotFound(f"There is no sweep {sweep_id!r:.60} in {self._store.path}. Open the list of sweeps.")
        return self._open(self.path / sweep_id)

    def list(self) -> list[Sweep]:
        """Returns all sweeps, newest first; folders without a readable one are left out."""
        found = []
        for name in self._names():
            with contextlib.suppress(RunNotFound):
                found.append(self._open(self.path / name))
        return sorted(found, key=lambda sweep: (sweep.state.created, sweep.id), reverse=True)

    def recover(self) -> list[Sweep]:
        """Continues the sweeps that ran when their process died or ended; returns them."""
        continued = []
        for sweep in self.list():
            if sweep.state.status == "running" and sweep.status == "interrupted":
                try:
                    sweep.start()
                    continued.append(sweep)
                except (TrainerError, OSError) as error:
                    logging.getLogger(__name__).warning("The sweep %s cannot continue: %s", sweep.name, error)
        return continued

    def delete(self, sweep_id: str, with_runs: bool = False) -> None:
        """Deletes a sweep: its settings and its study. Its runs stay unless `with_runs` deletes them too.

        Raises:
            RunNotFound: there is none.
            RunBusyError: a process drives it, or trains one of the runs to delete.
        """
        sweep = self.get(sweep_id)
        if sweep.is_live:
            raise busy(sweep.name)
        if with_runs:
            for state in self._store.states():
                if state.sweep == sweep_id:
                    with contextlib.suppress(RunNotFound):
                        self._store.delete(state.id)
        try:
            with filelock.FileLock(sweep.path / "lock", timeout=0.1):
                delete_folder(sweep.path)
        except filelock.Timeout:
            raise busy(sweep.name) from None
        with self._lock:
            self._sweeps.pop(sweep_id, None)

    def close(self, timeout: float = 10) -> bool:
        """Asks every sweep that runs here to have its runs save and end; returns whether all have.

        Args:
            timeout: seconds to wait, for all together.
        """
        deadline = time.monotonic() + timeout
        running = [sweep for sweep in list(self._sweeps.values()) if sweep.is_driven_here]
        for sweep in running:
            with contextlib.suppress(TrainerError):
                sweep.interrupt()
        return all([sweep.wait(max(0, deadline - time.monotonic())) for sweep in running])

    def _open(self, folder: Path) -> Sweep:
        with self._lock:
            if folder.name not in self._sweeps:
                self._sweeps[folder.name] = Sweep(folder, self._store)
            return self._sweeps[folder.name]

    def _names(self) -> set[str]:
        try:
            return {name for name in os.listdir(self.path) if not name.startswith(".")}
        except OSError:
            return set()
