"""A run that is cut again and again, each time gone on with in a new process, ends with the same bits.

    python -m tests.trainer.exactness [--cuts 10] [--seed 0] [--model mlp] [--model cnn]
    python -m tests.trainer.exactness --table [--cuts 5] [--seed 0] [--folder FOLDER]

The first prints what each session of one long run did; the second, for every family of models,
optimizer and schedule, whether the cut runs are those that were left alone. Exits with 1 where a
single bit differs. A table that was broken off goes on in its folder.
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
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.trainer import resume_driver
from tests.trainer.comparison import compare
from tests.trainer.families import FAMILIES, UPDATES
from tests.trainer.table import ALONE, Column, open_column
from trainer import Run, RunConfig, RunStore
from trainer.runs.history import History

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


def recipe(model: str) -> RunConfig:
    """Returns the configuration that is cut: long enough for sessions of seconds, saved every two seconds."""
    return RunConfig(model=model, dataset="digits", checkpoint_seconds=2, seed=7, **RECIPES[model])


def cut(store: RunStore, config: RunConfig, cuts: int, seed: int, here: Collection[str] = ()) -> Iterator[Session]:
    """Trains a new run in `store` to its end, cut at random steps, and tells of each session as it ends.

    The way of the cuts goes round, so that three of them show each way; their steps follow from `seed`.
    Each session has a new process, but those whose way is in `here` train in this one.
    """
    run = store.create(config)
    total = -(-1437 // config.batch_size) * config.epochs
    steps = sorted(random.Random(seed).sample(range(1, int(0.7 * total)), cuts))
    for way, step in zip(itertools.islice(itertools.cycle(WAYS), cuts), steps, strict=True):
        if way in here:
            resume_driver.main(str(store.path), run.id, way, str(step))
        else:
            (terminate if way == "term" else drive)(store, run, way, step)
        yield look(run, way, step)
    if "finish" in here:
        resume_driver.main(str(store.path), run.id, "finish", "0")
    else:
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


def main() -> int:
    """Runs the series for each model, or the whole table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, help="of each run; 10, or 5 in the table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", action="append", choices=list(RECIPES))
    parser.add_argument("--table", action="store_true", help="every family × optimizer × schedule")
    parser.add_argument("--folder", type=Path, help="where the table's runs are kept")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.table:
            return print_table(options.folder or Path(folder), options.cuts or 5, options.seed, options.jobs)
        return print_series(Path(folder), options.model or list(RECIPES), options.cuts or 10, options.seed)


def print_series(folder: Path, models: list[str], cuts: int, seed: int) -> int:
    """Cuts one run of each model, prints what each session did, and returns how many differ."""
    wrong = 0
    for model in models:
        store, config = RunStore(folder / model), recipe(model)
        print(f"\n{model}: {cuts} cuts, seed {seed}\n  way     wanted  reached    saved  status")
        for s in cut(store, config, cuts, seed):
            print(f"  {s.way:<6} {s.wanted:>7} {s.reached:>8} {s.saved:>8}  {s.status}", flush=True)
        run = store.list()[0]
        result = compare(run, uninterrupted(folder / f"{model}-whole", config))
        print(f"  cut:           {result.digest}\n  uninterrupted: {result.expected_digest}")
        print(f"  {len(run.history)} steps, {len(run.history.epochs)} epochs: ", end="")
        print("every bit the same" if result.is_exact else f"DIFFERENT {result.differences}")
        wrong += not result.is_exact
    return min(wrong, 1)


def print_table(folder: Path, cuts: int, seed: int, jobs: int) -> int:
    """Runs every column of the table, prints what came of each cell, and returns 1 where something differs.

    Args:
        folder: of all runs, and of how far the table has come.
        cuts: of each run.
        seed: of where and how.
        jobs: processes at once.
    """
    began = time.monotonic()
    columns = [open_column(folder / f"column{n}", update, list(FAMILIES), cuts) for n, update in enumerate(UPDATES)]

    def work(column: Column) -> Column:
        # SIGKILL alone does not depend on the optimizer: one column is cut so a second time.
        column.run_all(seed, is_killed_too=column is columns[0])
        print(f"{time.monotonic() - began:5.0f} s  {column.update}", flush=True)
        return column

    with ThreadPoolExecutor(jobs) as pool:
        cells = {c.update: {cell[:2]: cell[2] for cell in c.results()} for c in pool.map(work, columns)}
    width = max(map(len, FAMILIES))
    print(f"\n{'':{width}}  " + "  ".join(f"{update:>22}" for update in UPDATES))
    wrong = []
    for family in FAMILIES:
        texts = []
        for update, found in cells.items():
            bad = [store for (store, name), result in found.items() if name == family and not result.is_exact]
            wrong += [(family, update, store, found[store, family]) for store in bad]
            texts.append(f"{', '.join(bad) + ' DIFFER' if bad else 'exact':>22}")
        print(f"{family:{width}}  " + "  ".join(texts))
    for family, update, store, result in wrong:
        print(f"\n{family}, {update}, {store}: {result.digest[:16]} for {result.expected_digest[:16]}")
        print("\n".join(result.differences))
    runs = sum(len(found) for found in cells.values())
    ways = Counter(way for column in columns for store, way in column.done if store != ALONE)
    print(
        f"\n{runs - len(wrong)} of {runs} runs are, digest and every row, those that were trained alone and left alone:"
    )
    print(f"each trained at once with {len(FAMILIES) - 1} others, once to its end and once cut {cuts} times, in a new "
          f"process each time ({ways['pause']} pauses, {ways['term']} SIGTERMs and {ways['kill']} SIGKILLs of a "
          f"process); {len(FAMILIES)} again by SIGKILL alone. {time.monotonic() - began:.0f} s")  # fmt: skip
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
