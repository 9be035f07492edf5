"""A run that is cut again and again, each time gone on with in a new process, ends with the same bits.

    python -m tests.trainer.exactness [--cuts 10] [--seed 0] [--model mlp] [--model cnn]

prints what each session did and exits with 1 where a single bit differs.
"""

from __future__ import annotations

import argparse
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from trainer import Run, RunConfig, RunStore
from trainer.history import History

#: A user's pause, the system's SIGTERM to the command line, and a SIGKILL, which no program sees coming.
WAYS = ("pause", "kill", "term")

RECIPES = {
    "mlp": {"model_options": {"units": 64, "dropout": 0.2, "batch_norm": True}, "epochs": 240},
    "cnn": {"model_options": {"filters": 8, "dropout": 0.2}, "epochs": 70},
}


@dataclass(frozen=True)
class Session:
    """What one process did to the run.

    Attributes:
        way: how it was cut, one of `WAYS`, or "finish".
        wanted: the step at which it was to be cut.
        reached: the newest step on disk afterwards.
        saved: the step of the newest checkpoint afterwards; 0: none.
        status: of the run afterwards.
    """

    way: str
    wanted: int
    reached: int
    saved: int
    status: str


@dataclass(frozen=True)
class Result:
    """What came of the cut run and of the one that was left alone."""

    digest: str
    expected_digest: str
    differences: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether digests, every row of the history and every epoch are the same."""
        return self.digest == self.expected_digest and not self.differences


def recipe(model: str) -> RunConfig:
    """Returns the configuration that is cut: long enough for sessions of seconds, saved every two seconds."""
    return RunConfig(model=model, dataset="digits", checkpoint_seconds=2, seed=7, **RECIPES[model])


def cut(store: RunStore, config: RunConfig, cuts: int, seed: int) -> Iterator[Session]:
    """Trains a new run in `store` to its end, cut at random steps, and tells of each session as it ends.

    The way of the cuts goes round, so that three of them show each way; their steps follow from `seed`.
    """
    run = store.create(config)
    total = -(-1437 // config.batch_size) * config.epochs
    steps = sorted(random.Random(seed).sample(range(1, int(0.7 * total)), cuts))
    for way, step in zip(itertools.islice(itertools.cycle(WAYS), cuts), steps, strict=True):
        (terminate if way == "term" else drive)(store, run, way, step)
        yield look(run, way, step)
    drive(store, run, "finish", 0)
    yield look(run, "finish", total)


def look(run: Run, way: str, wanted: int) -> Session:
    """Returns what a session left behind."""
    run.refresh()
    saved = run.checkpoints[0].step if run.checkpoints else 0
    return Session(way, wanted, len(History.load(run.path)), saved, run.status)


def drive(store: RunStore, run: Run, way: str, step: int) -> None:
    """Starts or resumes the run in a process that cuts itself."""
    command = [sys.executable, "-m", "tests.trainer.resume_driver", str(store.path), run.id, way, str(step)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    expected = -signal.SIGKILL if way == "kill" else 0
    assert done.returncode == expected, f"{way} at {step}: exit code {done.returncode}\n{done.stderr}"


def terminate(store: RunStore, run: Run, way: str, step: int) -> None:
    """Resumes the run by the command line and sends SIGTERM once its history on disk has reached the step."""
    command = [sys.executable, "-m", "trainer", "resume", run.id, "--runs-dir", str(store.path)]
    begun = (run.path / "history.arrows").stat().st_ino
    deadline = time.monotonic() + 300
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            # The file is written anew by each session; the old one may hold steps that are taken back.
            while (run.path / "history.arrows").stat().st_ino == begun or len(History.load(run.path)) < step:
                assert child.poll() is None, f"ended by itself: {child.communicate()[1]}"
                assert time.monotonic() < deadline, f"never came to step {step}"
                time.sleep(0.02)
            child.send_signal(signal.SIGTERM)
            _, errors = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 128 + signal.SIGTERM, f"exit code {child.returncode}\n{errors}"


def compare(run: Run, whole: Run) -> Result:
    """Compares digests, every row of the history but for the clock, and every epoch."""
    differences = []
    for name, ours, theirs in (
        ("history", run.history.frame(), whole.history.frame()),
        ("epochs", run.history.epochs.frame(), whole.history.epochs.frame()),
    ):
        try:
            pd.testing.assert_frame_equal(ours.drop(columns="time"), theirs.drop(columns="time"), check_exact=True)
        except AssertionError as error:
            differences.append(f"{name}: {error}")
        if not ours["time"].is_monotonic_increasing:
            differences.append(f"{name}: time runs backwards")
    return Result(run.checkpoints[0].digest, whole.checkpoints[0].digest, tuple(differences))


def main() -> int:
    """Runs the series for each model and prints it as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", action="append", choices=list(RECIPES))
    options = parser.parse_args()
    wrong = 0
    for model in options.model or RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            store, config = RunStore(folder), recipe(model)
            print(f"\n{model}: {options.cuts} cuts, seed {options.seed}\n  way     wanted  reached    saved  status")
            for s in cut(store, config, options.cuts, options.seed):
                print(f"  {s.way:<6} {s.wanted:>7} {s.reached:>8} {s.saved:>8}  {s.status}", flush=True)
            run = store.list()[0]
            whole = uninterrupted(Path(folder) / "whole", config)
            result = compare(run, whole)
            print(f"  cut:           {result.digest}\n  uninterrupted: {result.expected_digest}")
            print(f"  {len(run.history)} steps, {len(run.history.epochs)} epochs: ", end="")
            print("every bit the same" if result.is_exact else f"DIFFERENT {result.differences}")
            wrong += not result.is_exact
    return 1 if wrong else 0


def uninterrupted(folder: Path, config: RunConfig) -> Run:
    """Returns the same run, left alone."""
    run = RunStore(folder).create(config)
    run.start()
    assert run.wait(600)
    assert run.status == "completed", run.reason
    return run


if __name__ == "__main__":
    raise SystemExit(main())
