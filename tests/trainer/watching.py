"""Waiting for a run without sleeping."""

from __future__ import annotations

import threading
from collections.abc import Callable

from trainer import Run


def wait_until(run: Run, holds: Callable[[], bool], timeout: float = 60) -> None:
    """Waits until something holds, looking after every change of the run's history; fails after `timeout` seconds."""
    changed = threading.Event()
    leave = run.history.subscribe(changed.set)
    try:
        while not holds():
            assert run.is_live or holds(), f"the run is {run.status}: {run.reason}"
            assert changed.wait(timeout), f"nothing happened for {timeout} s; phase {run.phase!r}"
            changed.clear()
    finally:
        leave()


def wait_for_step(run: Run, step: int, timeout: float = 60) -> None:
    """Waits until a live run has made a step."""
    wait_until(run, lambda: run.step >= step, timeout)


def cut_at(run: Run, step: int, command: Callable[[], object], timeout: float = 120) -> Run:
    """Gives a command to a live run as soon as a step is recorded, however quick the run is, and waits for its end.

    It is given in the training thread, between two calls of the loop, so no later step can slip in.
    """
    given = []

    def act() -> None:
        if len(run.history) >= step and not given:
            given.append(command())

    leave = run.history.subscribe(act)
    act()
    finish(run, timeout)
    leave()
    assert given, f"the run is {run.status} and never came to step {step}: {run.reason}"
    return run


def finish(run: Run, timeout: float = 120) -> Run:
    """Waits for the run's end and returns it."""
    assert run.wait(timeout), f"the run still trains after {timeout} s"
    return run
