"""Runs the page again when another tab or process starts, stops, renames or deletes a run."""

from __future__ import annotations

import os
from dataclasses import dataclass

import streamlit as st

from trainer import Run, RunStore, TrainerError

#: Seconds between two checks. While nothing changes, a check is a few calls of `stat`.
_INTERVAL = 0.75
#: The same while a chart on the page follows a run: each check costs the browser the time of some draws, and the
#: chart reports a change of its own run at once.
_INTERVAL_LIVE = 3.0


@dataclass
class PageState:
    """The state of the runs when a page was drawn.

    Attributes:
        store: of the runs.
        runs: the runs that the page names.
        stamps: modification times of their files.
        shown: the ids of all runs; name and status of the runs that the page names.
    """

    store: RunStore
    runs: list[Run]
    stamps: list[int]
    shown: tuple

    @classmethod
    def read(cls, store: RunStore, runs: list[Run]) -> PageState:
        """Reads the state. Call it before the page is drawn, so that a change during drawing is noticed."""
        return cls(store, runs, _stamps(store, runs), _read_shown(store, runs))

    def is_old(self) -> bool:
        """Returns whether the page is out of date."""
        stamps = _stamps(self.store, self.runs)
        if stamps == self.stamps:
            return False
        self.stamps = stamps
        return _read_shown(self.store, self.runs) != self.shown


def watch(state: PageState) -> None:
    """Checks for changes while the page is open."""
    is_live = any(run.is_live for run in state.runs)
    st.fragment(_check, run_every=_INTERVAL_LIVE if is_live else _INTERVAL)(state)


def _check(state: PageState) -> None:
    if state.is_old():
        st.rerun(scope="app")


def _stamps(store: RunStore, runs: list[Run]) -> list[int]:
    stamps = []
    for path in (store.path, *(run.path / "run.json" for run in runs)):
        try:
            stamps.append(path.stat().st_mtime_ns)
        except OSError:
            stamps.append(0)
    return stamps


def _read_shown(store: RunStore, runs: list[Run]) -> tuple:
    try:
        ids = {name for name in os.listdir(store.path) if not name.startswith(".")}
    except OSError:
        ids = set()
    named = []
    for run in runs:
        try:
            run.refresh()
        except (TrainerError, OSError):
            continue
        named.append((run.id, run.name, run.status))
    return ids, named
