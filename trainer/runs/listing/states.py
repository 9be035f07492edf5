"""The states of all folders in the runs folder, each read again only after it changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from trainer.errors import RunNotFound
from trainer.runs.state import RunState, read_state_file
from trainer.runs.stored_config import read_config_file

#: A folder with one of these and without run.json is what is left of a run.
_REMAINS = ("config.json", "history.arrows", "epochs.arrows", "events.jsonl", "checkpoints")


class StateCache:
    """Reads the state of every folder in the runs folder.

    Args:
        path: the runs folder.
    """

    def __init__(self, path: Path):
        self._path = path
        self._known: dict[str, tuple[tuple, RunState]] = {}

    def read(self) -> Iterator[RunState]:
        """Yields one state per folder, in no order; folders that hold no readable run are marked as damaged."""
        known = {}
        for name, found in self._signatures():
            cached = self._known.get(name)
            if cached is None or cached[0] != found:
                try:
                    cached = found, read_folder(self._path / name)
                except OSError:
                    continue  # Deleted in the meantime.
            known[name] = cached
            yield cached[1]
        self._known = known

    def find_rests(self) -> list[str]:
        """Returns the names of the folders that hold the rest of a run without its run.json."""
        names = [name for name, (_, _, state) in self._signatures() if state is None]
        return [name for name in names if set(os.listdir(self._path / name)).intersection(_REMAINS)]

    def _signatures(self) -> Iterator[tuple[str, tuple]]:
        """Yields each folder's name with a value that changes with run.json, and with what is in the folder."""
        try:
            entries = list(os.scandir(self._path))
        except OSError:
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir():
                    folder, state = os.stat(entry.path), _stat(f"{entry.path}/run.json")
                    yield entry.name, (folder.st_ino, folder.st_mtime_ns, state)
            except OSError:
                continue


def _stat(path: str) -> tuple | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_folder(folder: Path) -> RunState:
    """Reads the state of a folder that may hold a run, the rest of one, or something else.

    Raises:
        OSError: it does not exist any more.
    """
    names = set(os.listdir(folder))
    if not (folder / "run.json").is_file():
        if names.intersection(_REMAINS):
            reason = "run.json is missing: this run was half deleted. Delete it, or restore the file from a copy."
        else:
            reason = "This folder holds no run. Delete it, or move it out of the runs folder."
        return _unreadable(folder, reason)
    try:
        state = read_state_file(folder)
    except RunNotFound:
        return _unreadable(folder, "run.json cannot be read. Change its permissions.")
    if state.is_damaged:
        return state
    recipe = read_config_file(folder / "config.json")
    if recipe is None:
        what = "damaged" if "config.json" in names else "missing"
        reason = f"config.json is {what}. Restore the file from a copy, or delete the run."
        return state.changed(is_damaged=True, reason=f"{state.reason} {reason}".strip())
    # Runs of earlier versions did not store the names.
    return state.changed(dataset=state.dataset or str(recipe["dataset"]), model=state.model or str(recipe["model"]))


def _unreadable(folder: Path, reason: str) -> RunState:
    created = max(0.0, os.stat(folder).st_mtime)
    return RunState(
        id=folder.name, name=folder.name, status="interrupted", reason=reason, created=created, is_damaged=True
    )
