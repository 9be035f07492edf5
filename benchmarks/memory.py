"""Memory of a process that trains a hundred different recipes, one after the other.

    python -m benchmarks memory

Each recipe has a program of its own to compile. Prints the resident memory after every tenth run.
"""

from __future__ import annotations

import gc
import itertools
import tempfile
import threading

import numpy as np
import psutil

RUNS, BUDGET = 100, 2.0
#: Two recipes for each number of units: what differs is the program, not the work.
KINDS = (
    {"model": "mlp", "dataset": "digits"},
    {"model": "mlp", "model_options": {"dropout": 0.2}, "dataset": "iris"},
    {"model": "cnn", "dataset": "digits"},
    {"model": "rnn", "dataset": "sequences"},
)
_WIDTH = {"mlp": "units", "cnn": "filters", "rnn": "units"}


def run() -> dict:
    """Trains them and returns the curve, and its slope over the second half."""
    from trainer import RunConfig, RunStore

    me, sizes = psutil.Process(), []
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        for number, kind in zip(range(RUNS), itertools.cycle(KINDS), strict=False):
            options = kind.get("model_options", {}) | {_WIDTH[kind["model"]]: 8 + number // len(KINDS)}
            trained = store.create(RunConfig(**kind | {"model_options": options, "epochs": 2}))
            trained.start()
            trained.wait()
            assert trained.status == "completed", trained.reason
            gc.collect()
            sizes.append(me.memory_info().rss / 2**20)
            if (number + 1) % 10 == 0:
                print(f"{number + 1:>4} recipes: {sizes[-1]:,.0f} MB, {threading.active_count()} threads, "
                      f"{me.num_fds()} handles", flush=True)  # fmt: skip
    half = sizes[RUNS // 2 :]
    growth = float(np.polyfit(range(len(half)), half, 1)[0])
    verdict = "met" if growth <= BUDGET else "MISSED"
    print(f"growth in the second half: {growth:.2f} MB for each different recipe (budget {BUDGET:.0f}: {verdict})")
    return {"resident_mb": sizes, "growth_mb": growth}
