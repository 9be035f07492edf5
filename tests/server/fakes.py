"""A run, its history and its store, as the server sees them, without training."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from trainer.errors import RunNotFound

COLUMNS = {
    "step": np.int64,
    "epoch": np.int32,
    "time": np.float64,
    "loss": np.float32,
    "accuracy": np.float32,
    "learning_rate": np.float32,
    "grad_norm": np.float32,
}


class FakeTable:
    """An append-only table with the reading side of trainer's history."""

    def __init__(self):
        self.lock = threading.RLock()
        self.parts: dict[str, np.ndarray] = {}
        self.length = 0

    def __len__(self):
        return self.length

    @property
    def columns(self):
        return tuple(self.parts)

    def rows(self, first, last):
        return {name: column[first : min(last, self.length)] for name, column in self.parts.items()}

    def extend(self, rows):
        with self.lock:
            added, parts = len(next(iter(rows.values()))), dict(self.parts)
            for name, values in rows.items():
                old = self.parts.get(name, np.empty(0, np.asarray(values).dtype))
                if self.length + added > len(old):
                    old = (
                        np.resize(old, max(1024, 2 * (self.length + added)))
                        if len(old)
                        else np.empty(max(1024, 2 * added), np.asarray(values).dtype)
                    )
                old[self.length : self.length + added] = values
                parts[name] = old
            # All columns at once: a reader in another thread must not see some of them.
            self.parts = parts
            self.length += added


class FakeHistory(FakeTable):
    """A history one can append to, cut and subscribe to."""

    def __init__(self):
        super().__init__()
        self.generation = 0
        self.wall_offset = time.time()
        self.epochs = FakeTable()
        self.callbacks = []

    def subscribe(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def tell(self):
        for callback in list(self.callbacks):
            callback()

    def append(self, rows):
        self.extend(rows)
        self.tell()

    def cut(self, length):
        self.length = length
        self.generation += 1
        self.tell()


def make_rows(first, count, steps_per_epoch=45, seed=0, seconds=0.001, start=None):
    """Rows first .. first + count of a plausible run."""
    step = np.arange(first + 1, first + count + 1)
    noise = np.random.default_rng(seed + first)
    loss = 2.3 * (1 + step / 150.0) ** -0.6 + noise.normal(0, 0.06, count) * (1 + step / 300.0) ** -0.5
    return {
        "step": step.astype(np.int64),
        "epoch": ((step - 1) // steps_per_epoch + 1).astype(np.int32),
        "time": (step * seconds if start is None else start + np.arange(1, count + 1) * seconds / count).astype(
            np.float64
        ),
        "loss": np.abs(loss).astype(np.float32),
        "accuracy": np.clip(1 - loss / 2.6 + noise.normal(0, 0.04, count), 0, 1).astype(np.float32),
        "learning_rate": np.full(count, 1e-3, np.float32),
        "grad_norm": np.where(step % 10 == 0, np.abs(noise.normal(1, 0.2, count)), np.nan).astype(np.float32),
    }


def make_run(run_id="run-1", name="Brisk otter 12", rows=0):
    """A run with `rows` rows in its history."""
    history = FakeHistory()
    if rows:
        history.extend(make_rows(0, rows))
    return SimpleNamespace(
        id=run_id, name=name, status="running", reason="", is_live=True, is_trained_here=True, steps_per_epoch=45,
        history=history,
        phase="", pending=None, step=rows, total_steps=450, epoch=rows // 45 + 1, epochs=10,
        steps_per_second=800.0, seconds=rows / 800, seconds_left=1.0, last_metrics={},
    )  # fmt: skip


class FakeStore:
    """Runs by id."""

    def __init__(self, *runs):
        self.runs = {run.id: run for run in runs}
        self.path = Path("no such folder")

    def get(self, run_id):
        if run_id not in self.runs:
            raise RunNotFound("There is no such run. Choose one from the list of runs.")
        return self.runs[run_id]
