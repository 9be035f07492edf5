"""Starts or goes on with a run in a process of its own and cuts it at a step.

    python -m tests.trainer.resume_driver RUNS_DIR RUN_ID pause|kill|finish STEP

Prints "training" after the first step of this session and "saved" with the first checkpoint of it.
"kill" waits until rows are on disk that no checkpoint covers.
"""

from __future__ import annotations

import os
import signal
import sys

from tests.trainer.watching import finish, wait_until
from trainer import RunStore
from trainer.runs.history import History


def main(runs_dir: str, run_id: str, how: str, step: str) -> None:
    """Does what the command line says; the process survives unless `how` is "kill"."""
    run = RunStore(runs_dir).get(run_id)
    outcome = run.start() if run.status == "queued" else run.resume()
    assert outcome.acted, outcome.message
    seen = {c.path for c in run.checkpoints}
    wait_until(run, lambda: run.steps_per_second or not run.is_live)
    print("training", flush=True)
    if how == "finish":
        wait_until(run, lambda: not run.is_live or {c.path for c in run.checkpoints} - seen)
        print("saved", flush=True)
        finish(run, 600)
    else:
        wait_until(run, lambda: run.step >= int(step) or not run.is_live)
        if how == "kill":
            wait_until(run, lambda: len(History.load(run.path)) > max(int(step), run.checkpoints[0].step))
            os.kill(os.getpid(), signal.SIGKILL)
        run.pause()
        finish(run)
    print(run.status, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
