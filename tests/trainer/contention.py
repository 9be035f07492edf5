"""Processes that command the same runs at random, some of them killed, lose nothing.

    python -m tests.trainer.contention [--seconds 60] [--processes 2] [--runs 3] [--seed 0]

Prints how many commands were given and, for each run, whether its digest and every row are those of a run
that was left alone. Exits with 1 where one differs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.trainer.comparison import compare
from tests.trainer.watching import finish
from trainer import Run, RunConfig, RunStore, TrainerError

COMMANDS = ("start", "resume", "pause", "stop", "rename", "look")


def recipe(seed: int) -> RunConfig:
    """Returns a run of some seconds, saved every second."""
    options = {"units": 16, "layers": 1, "dropout": 0.2, "batch_norm": True}
    return RunConfig(model="mlp", model_options=options, dataset="digits", epochs=150, checkpoint_seconds=1, seed=seed)


def command(runs_dir: str, seed: str, seconds: str) -> None:
    """Gives random commands to the runs of a folder; prints how many."""
    os.environ.setdefault("TRAINDECK_SLOTS", "2")  # one fewer than there are runs, so that some wait
    dice, store, given = random.Random(int(seed)), RunStore(runs_dir), 0
    watched = [run.history for run in store.list()]
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        run, act = dice.choice(store.list()), dice.choice(COMMANDS)
        with contextlib.suppress(TrainerError):
            if act == "rename":
                run.rename(f"name {dice.randrange(1000)}")
            elif act == "look":
                assert len(run.history) >= 0
                assert run.metrics is not None
            else:
                getattr(run, act)()
        given += 1
        time.sleep(dice.random() * 0.1)
        if dice.random() < 0.002:
            os.kill(os.getpid(), signal.SIGKILL)
    store.close(60)
    print(given, len(watched))


def let_finish(run: Run) -> Run:
    """Resumes a run until it is complete."""
    run.refresh()
    if run.status != "completed":
        outcome = run.start() if run.status == "queued" else run.resume()
        assert outcome.acted, outcome.message
        finish(run)
    assert run.status == "completed", run.reason
    return run


def main() -> int:
    """Runs the processes, then compares every run with one that was left alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("seconds", 60), ("processes", 2), ("runs", 3), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, given, killed, seed = RunStore(Path(folder, "shared")), 0, 0, options.seed
        ids = [store.create(recipe(number)).id for number in range(options.runs)]
        until = time.monotonic() + options.seconds
        children: list[subprocess.Popen] = []
        while (left := until - time.monotonic()) > 0 or children:
            while left > 1 and len(children) < options.processes:
                seed += 1
                program = "import sys; from tests.trainer.contention import command; command(*sys.argv[1:])"
                arguments = [sys.executable, "-c", program, str(store.path), str(seed), str(left)]
                children.append(subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True))
            for child in [child for child in children if child.poll() is not None]:
                children.remove(child)
                killed += child.returncode == -signal.SIGKILL
                assert child.returncode in (0, -signal.SIGKILL), f"exit code {child.returncode}"
                given += int(child.stdout.read().split()[0]) if child.returncode == 0 else 0
            time.sleep(0.1)
        print(f"{given} commands by processes that ended by themselves, {killed} processes killed")
        wrong = 0
        for number, run_id in enumerate(ids):
            run = let_finish(RunStore(store.path).get(run_id))
            alone = RunStore(Path(folder, "alone")).create(recipe(number))
            alone.start()
            result = compare(run, finish(alone))
            missing = int(run.history.frame()["loss"].isna().sum())
            print(f"  {len(run.history)} steps, {missing} empty: ", end="")
            print("every bit the same" if result.is_exact and not missing else f"DIFFERENT {result.differences}")
            wrong += not result.is_exact or bool(missing)
        return min(wrong, 1)


if __name__ == "__main__":
    raise SystemExit(main())
