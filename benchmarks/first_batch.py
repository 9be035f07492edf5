"""How long after its start a run of each model has its first batch, in a process whose engine is warm.

    python -m benchmarks first-batch

Each model is started once, as the Train form would start it, on every small data set that is offered
for it. Nothing of it is compiled before: that is most of what is measured. The processor's seconds
stand beside those on the clock, which other work on the machine makes longer.
"""

from __future__ import annotations

import tempfile
import threading
import time

#: Seconds from the start to the first batch.
BUDGET = 3.0
DATASETS = ("digits", "sequences", "iris", "diabetes", "multilabel")


def run() -> list[dict]:
    """Measures each pair, prints the table, and returns its rows."""
    from trainer import RunConfig, RunStore
    from trainer.config.fitting import offered
    from trainer.config.registry import MODELS
    from trainer.training.warm_up import warm_up

    # As the server does in the background; its own program is a run of the form's defaults.
    warm_up()
    rows = []
    print(f"{'model':<16} {'data set':<12} {'first batch (s)':>16} {'processor (s)':>14}")
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        for model in MODELS:
            for dataset in DATASETS:
                if model in offered(MODELS, RunConfig(model="linear", dataset=dataset).spec):
                    config = RunConfig(model=model, dataset=dataset, epochs=100_000)
                    seconds, processor = time_first_batch(store, config)
                    rows.append({"model": model, "dataset": dataset, "seconds": seconds, "processor": processor})
                    verdict = "" if seconds <= BUDGET else f"  over {BUDGET:g} s"
                    print(f"{model:<16} {dataset:<12} {seconds:>16.2f} {processor:>14.2f}{verdict}", flush=True)
    slow = [row for row in rows if row["seconds"] > BUDGET]
    print(
        f"{len(rows) - len(slow)} of {len(rows)} within {BUDGET:g} s; the slowest {max(r['seconds'] for r in rows):.2f}"
    )
    return rows


def time_first_batch(store, config) -> tuple[float, float]:
    """Returns the seconds from a run's start to its first recorded batch, on the clock and of the processor.

    The run is stopped then.
    """
    there = threading.Event()
    started = store.create(config)
    history = started.history
    began = time.perf_counter(), time.process_time()
    started.start()
    leave = history.subscribe(there.set)
    try:
        while not len(history):
            if not there.wait(60) or not started.is_live:
                raise SystemExit(f"{config.model} on {config.dataset} never began: {started.status}, {started.reason}")
            there.clear()
        return time.perf_counter() - began[0], time.process_time() - began[1]
    finally:
        leave()
        started.stop()
        started.wait(60)
