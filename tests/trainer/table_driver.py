"""Trains many runs in a process of its own and cuts each of them at a step of its own.

    python -m tests.trainer.table_driver RUNS_DIR alone|together|pause|term|kill STEPS

STEPS is JSON: {"run id": step, …}. "alone" trains one run after the other, every other way all at
once. "pause" asks each run to pause at its step. "term" and "kill" hold each run at its step until
the last one is there, and then send this process SIGTERM, which it answers as the command line
does, or SIGKILL.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from tests.trainer.watching import finish
from trainer import Run, RunStore

_SIGNALS = {"term": signal.SIGTERM, "kill": signal.SIGKILL}


class Cut:
    """Cuts runs that train in this process, each in its training thread as soon as its step is recorded.

    Args:
        way: "pause", "term" or "kill".
        steps: where, by run.
    """

    def __init__(self, way: str, steps: dict[Run, int]):
        self._way, self._steps = way, steps
        self._here: set[str] = set()
        self._lock, self._released, self.asked = threading.Lock(), threading.Event(), threading.Event()

    def watch(self, run: Run) -> None:
        """Looks at the run after each of its chunks from now on."""
        history, step = run.history, self._steps[run]

        def look() -> None:
            if len(history) >= step and run.id not in self._here and run.is_live:
                history.flush_all()  # As once a second: rows that no checkpoint covers.
                self._arrive(run)

        history.subscribe(look)

    def _arrive(self, run: Run) -> None:
        with self._lock:
            self._here.add(run.id)
            is_last = len(self._here) == len(self._steps)
        if self._way == "pause":
            run.pause()
            return
        if is_last:
            os.kill(os.getpid(), _SIGNALS[self._way])
        self._released.wait(300)

    def interrupt(self, *_) -> None:
        """Asks every run to save and end: what SIGTERM does."""
        for run in self._steps:
            run.interrupt()
        self.asked.set()
        self._released.set()


def begin(run: Run) -> None:
    """Starts or resumes a run."""
    outcome = run.start() if run.status == "queued" else run.resume()
    assert outcome.acted, outcome.message


def main(runs_dir: str, way: str, steps: str) -> None:
    """Does what the command line says; ends with 143 after a SIGTERM, as the command line does."""
    os.environ.setdefault("TRAINDECK_SLOTS", "1024")
    store = RunStore(runs_dir)
    runs = {store.get(run_id): step for run_id, step in json.loads(steps).items()}
    cut = Cut(way, runs)
    if way == "term":
        signal.signal(signal.SIGTERM, cut.interrupt)
    for run in runs:
        begin(run)
        if way == "alone":
            finish(run, 600)
        elif way != "together":
            cut.watch(run)
    while not all(run.wait(0.2) for run in runs):
        broken = [run for run in runs if run.status in ("failed", "completed") and way in _SIGNALS]
        assert not broken or cut.asked.is_set(), f"{broken[0].name} is {broken[0].status}: {broken[0].reason}"
    if cut.asked.is_set():
        raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main(*sys.argv[1:])
