"""Starts runs in a process of its own, one after the other, and waits for the end of all.

    python -m tests.trainer.queue_driver RUNS_DIR RUN_ID...

Prints "training" after the first run's first step, when the others have their place in the queue.
"""

from __future__ import annotations

import sys

from tests.trainer.watching import finish, wait_for_step
from trainer import RunStore


def main(runs_dir: str, *run_ids: str) -> None:
    """Does what the command line says."""
    store = RunStore(runs_dir)
    runs = [store.get(run_id) for run_id in run_ids]
    for run in runs:
        outcome = run.start()
        assert outcome.acted, outcome.message
    wait_for_step(runs[0], 1)
    print("training", flush=True)
    for run in runs:
        finish(run, 600)


if __name__ == "__main__":
    main(*sys.argv[1:])
