"""Long and many: a million steps, a history of a million batches, a hundred runs."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from trainer import RunConfig, RunStore

STEPS, RUNS = 1_000_000, 100
LATE_BUDGET, LOAD_BUDGET, HISTORY_BUDGET, RUN_BUDGET = 1.05, 1.0, 64.0, 2.0
CONFIGS = (
    {"model": "mlp", "dataset": "digits"},
    {"model": "mlp", "model_options": {"dropout": 0.2}, "dataset": "digits"},
    {"model": "cnn", "model_options": {"filters": 8}, "dataset": "digits"},
    {"model": "linear", "dataset": "iris"},
)


def run() -> dict:
    """Measures all three."""
    with tempfile.TemporaryDirectory() as folder:
        return million_steps(Path(folder)) | hundred_runs(Path(folder))


def million_steps(folder: Path) -> dict:
    """Trains a straight line for a million steps; looks at the cost of a step, at memory and at reading it back."""
    config = RunConfig(
        model="linear",
        dataset="linear",
        dataset_options={"size": 100_000},
        optimizer="sgd",
        batch_size=10,
        epochs=100,
        validation_split=0.0,
    )
    training = RunStore(folder / "runs").create(config)
    training.start()
    training.wait()
    rows = training.history.rows(0, len(training.history))
    seconds = rows["time"]
    # The same number of steps early and late, whole epochs each, far from compilation.
    early = seconds[STEPS // 5] - seconds[STEPS // 10]
    late = seconds[-1] - seconds[-1 - STEPS // 10]
    size = sum(column.nbytes for column in rows.values()) / 2**20
    script = (
        "import sys, time, psutil, pathlib; from trainer.runs.history import History; me = psutil.Process()\n"
        "import pandas; before = me.memory_info().rss; began = time.perf_counter()\n"
        "history = History.load(pathlib.Path(sys.argv[1])); seconds = time.perf_counter() - began\n"
        "print(len(history), seconds, (me.memory_info().rss - before) / 2**20)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(training.path)], capture_output=True, text=True, check=True
    )
    count, load, resident = (float(word) for word in done.stdout.split())
    print(f"one step at a million over one at a hundred thousand: {late / early:.3f} (budget {LATE_BUDGET})")
    print(f"history of {count:,.0f} batches: {load:.2f} s to load (budget {LOAD_BUDGET:.0f} s), {resident:.0f} MB "
          f"resident, {size:.0f} MB of columns (budget {HISTORY_BUDGET:.0f} MB)", flush=True)  # fmt: skip
    return {"late_over_early": late / early, "load_seconds": load, "history_mb": resident}


def hundred_runs(folder: Path) -> dict:
    """Trains four recipes in turn, with a new seed each time; memory is counted from the first round's end."""
    store, me, sizes = RunStore(folder / "many"), psutil.Process(), []
    for number in range(RUNS + len(CONFIGS)):
        training = store.create(RunConfig(**CONFIGS[number % len(CONFIGS)], epochs=2, seed=number))
        training.start()
        training.wait()
        assert training.status == "completed", training.reason
        gc.collect()
        sizes.append(me.memory_info().rss / 2**20)
    # The median of the last few against the first few: single readings jump by tens of MB.
    growth = (np.median(sizes[-8:]) - np.median(sizes[4:12])) / (RUNS - 8)
    print(f"memory growth over {RUNS} runs of {len(CONFIGS)} recipes: {growth:.2f} MB a run "
          f"(budget {RUN_BUDGET:.0f} MB)", flush=True)  # fmt: skip
    return {"growth_mb_a_run": float(growth), "resident_mb": sizes[-1]}
