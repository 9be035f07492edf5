"""Draws the page again when a run was started, stopped, renamed or deleted in another tab or process."""

from __future__ import annotations

import os
from dataclasses import dataclass

import streamlit as st

from trainer import Run, RunStore, TrainerError

#: Seconds between two looks. A look is a few calls of `stat` while nothing changes.
_INTERVAL = 0.75


@dataclass
class Glance:
    """What a page shows of the runs.

    Attributes:
        store: where they are.
        runs: those that the page names.
        stamps: when their files were last written.
        facts: the ids of all runs; name and status of those that the page names.
    """

    store: RunStore
    runs: list[Run]
    stamps: list[int]
    facts: tuple

    @classmethod
    def take(cls, store: RunStore, runs: list[Run]) -> Glance:
        """Takes a glance before the page is drawn: a change while it is drawn is then seen afterwards."""
        return cls(store, runs, _stamps(store, runs), _facts(store, runs))

    def is_old(self) -> bool:
        """Returns whether the page no longer shows what is there."""
        stamps = _stamps(self.store, self.runs)
        if stamps == self.stamps:
            return False
        self.stamps = stamps
        return _facts(self.store, self.runs) != self.facts


def watch(glance: Glance) -> None:
    """Keeps looking while the page is open."""
    st.fragment(_look, run_every=_INTERVAL)(glance)


def _look(glance: Glance) -> None:
    if glance.is_old():
        st.rerun(scope="app")


def _stamps(store: RunStore, runs: list[Run]) -> list[int]:
    stamps = []
    for path in (store.path, *(run.path / "run.json" for run in runs)):
        try:
            stamps.append(path.stat().st_mtime_ns)
        except OSError:
            stamps.append(0)
    return stamps


def _facts(store: RunStore, runs: list[Run]) -> tuple:
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
