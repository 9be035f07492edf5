"""What a checkpoint costs: how long it holds the training, how long it takes to write; and pausing."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from trainer import RunConfig, RunStore

HELD_BUDGET, PAUSE_BUDGET = 100.0, 200.0


def run() -> dict:
    """Measures the largest case in the budgets, 25 million parameters with Adam, and pausing a small run."""
    with tempfile.TemporaryDirectory() as folder:
        return large(Path(folder)) | pause(Path(folder))


def large(folder: Path) -> dict:
    """Snapshots and writes 25M parameters with Adam between training steps."""
    import keras
    import numpy as np

    from trainer import Arrays, Dataset, SupervisedLearner, train
    from trainer.runs.checkpoint import write_checkpoint

    model = keras.Sequential(
        [keras.Input((1024,)), *[keras.layers.Dense(4000) for _ in range(2)], keras.layers.Dense(1200)]
    )
    learner = SupervisedLearner(model, optimizer="adam", loss="mean_squared_error")
    x = np.random.default_rng(0).normal(size=(256, 1024)).astype(np.float32)
    chunks = train(learner, Dataset.from_arrays(Arrays(x, np.zeros((256, 1200), np.float32)[:, 0])), epochs=10**6,
                   batch_size=32, chunk_seconds=0.01)  # fmt: skip
    plain, after, held, written = [], [], [], []
    for _ in range(5):
        next(chunks)
    for step in range(1, 6):
        plain.append(_time(lambda: next(chunks)))
        began = time.perf_counter()
        snapshot = learner.snapshot()
        held.append(time.perf_counter() - began)
        after.append(_time(lambda: next(chunks)))
        began = time.perf_counter()
        write_checkpoint(folder, step, snapshot, {}, {"epoch": 1})
        written.append(time.perf_counter() - began)
        del snapshot
        next(chunks)
    # The first step after a snapshot copies what the snapshot still refers to.
    total = 1000 * (statistics.median(held) + max(0.0, statistics.median(after) - statistics.median(plain)))
    print(f"{model.count_params() / 1e6:.1f}M parameters with Adam: training held {total:.0f} ms "
          f"(budget {HELD_BUDGET:.0f} ms), written in {1000 * statistics.median(written):.0f} ms")  # fmt: skip
    learner.release()
    return {"held_ms": total, "written_ms": 1000 * statistics.median(written), "parameters": model.count_params()}


def pause(folder: Path) -> dict:
    """From the command to the end of training, checkpoint included, for the form's default run."""
    run = RunStore(folder / "runs").create(RunConfig(model="mlp", dataset="digits", epochs=10**6))
    times = []
    run.start()
    for _ in range(5):
        while run.status != "running" or run.phase:
            time.sleep(0.01)
        time.sleep(0.5)
        times.append(_time(lambda: (run.pause(), run.wait())))
        run.resume()
    run.stop()
    run.wait()
    milliseconds = 1000 * statistics.median(times)
    print(f"pause of a small run: {milliseconds:.0f} ms (budget {PAUSE_BUDGET:.0f} ms plus one step)", flush=True)
    return {"pause_ms": milliseconds}


def _time(action) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
