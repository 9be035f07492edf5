"""How long the first evaluation of a run takes, and what memory it leaves behind.

    python -m benchmarks evaluation

An MLP and a CNN predict 10,000 random images of MNIST's size. Measured is what the tab Evaluation asks for: reading the
data, restoring the checkpoint, predicting, and all numbers of the first view; then the same again, from the disk.
"""

from __future__ import annotations

import gc
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

IMAGES = 10_000
MODELS = {"mlp": {}, "cnn": {"filters": 32, "blocks": 3}}


def run() -> list[dict]:
    """Measures both models, prints the table, and returns its rows."""
    from trainer import RunConfig, RunStore
    from trainer.analysis.jobs import forget

    rows = []
    print(f"{'model':<6} {'first (s)':>10} {'again (s)':>10} {'memory before (MB)':>20} {'after (MB)':>12}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        write_images(path)
        store = RunStore(Path(folder) / "runs")
        for model, options in MODELS.items():
            trained = store.create(
                RunConfig(
                    model=model,
                    model_options=options,
                    dataset="npz",
                    dataset_options={"path": str(path)},
                    epochs=1,
                    batch_size=256,
                )
            )
            trained.start()
            trained.wait()
            assert trained.status == "completed", trained.reason
            before = resident()
            key, first = time_evaluation(trained)
            after = resident()
            forget(key)
            _, again = time_evaluation(trained)
            row = {"model": model, "first": first, "again": again, "before_mb": before, "after_mb": after}
            print(f"{model:<6} {first:>10.2f} {again:>10.2f} {before:>20,.0f} {after:>12,.0f}", flush=True)
            rows.append(row)
    return rows


def write_images(path: Path) -> None:
    """Writes random images with a test split of `IMAGES`, and a tenth of it to train on."""
    random = np.random.default_rng(0)

    def images(count: int) -> np.ndarray:
        return random.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)

    few = IMAGES // 10
    np.savez(
        path,
        x_train=images(few),
        y_train=np.arange(few) % 10,
        x_test=images(IMAGES),
        y_test=np.arange(IMAGES) % 10,
    )


def resident() -> float:
    """Returns the resident memory of this process in MB."""
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def time_evaluation(trained) -> tuple[tuple, float]:
    """Returns the job's key, and the seconds until its result is there."""
    from trainer.analysis.evaluation.evaluating import evaluate
    from trainer.analysis.jobs import ask

    digest = trained.find_checkpoint("best").digest
    key, began = ("evaluation", str(trained.path), digest, "test"), time.perf_counter()
    job = ask(key, lambda job: evaluate(trained, digest, "test", job))
    job.wait()
    assert not job.error, job.error
    assert len(job.result.predictions) == IMAGES
    return key, time.perf_counter() - began
