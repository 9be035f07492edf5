"""Training speed with everything open that looks at a run, against nothing open: interleaved pairs within one run.

python -m benchmarks.open [--seconds 20] [--pairs 3]

Open are three live sockets, and what the run view's panels and the Predict page ask for: the newest frame for each of
three tabs every two seconds, once per pair the evaluation and the prediction of the newest checkpoint, and the
histograms. There is no browser: it would draw on the processors that train.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.tabs import LISTEN, TABS

BUDGET = 0.95
#: Seconds between two looks for a new frame, as on the page.
_EVERY = 2.0
WORKLOADS = {
    "spirals, MLP": {"model": "mlp", "dataset": "spirals", "model_options": {"layers": 3, "units": 64}},
    "digits, MLP": {"model": "mlp", "dataset": "digits"},
    "digits, CNN": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 8}},
}


def run(seconds: float = 20.0, pairs: int = 3) -> dict:
    """Measures each workload and returns its ratios of steps per second of wall time, validation included.

    Args:
        seconds: of each half of a pair.
        pairs: with and without; which comes first alternates.
    """
    from trainer import RunConfig, RunStore

    results = {}
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "runs")
        with serving(store) as address:
            for name, fields in WORKLOADS.items():
                config = RunConfig(**fields, epochs=10**6, histograms=True, checkpoint_seconds=5)
                trained = store.create(config)
                trained.start()
                while not (trained.checkpoints and len(trained.history.epochs)):
                    assert trained.is_live, trained.reason
                    time.sleep(0.05)
                ratios, speeds, asked = [], {True: [], False: []}, 0
                with opened(trained, address(trained.id)):
                    pass  # What is compiled for the first evaluation is compiled here.
                for pair in range(pairs):
                    for is_open in (True, False) if pair % 2 else (False, True):
                        with opened(trained, address(trained.id)) if is_open else contextlib.nullcontext() as count:
                            speeds[is_open].append(speed(trained, seconds))
                        asked = max(asked, count() if is_open else 0)
                    ratios.append(speeds[True][-1] / speeds[False][-1])
                trained.stop()
                trained.wait()
                results[name] = {"ratio": statistics.median(ratios), "ratios": ratios, "open": speeds[True],
                                 "closed": speeds[False]}  # fmt: skip
                print(
                    f"{name}: {statistics.median(ratios):.3f} of the speed with nothing open (budget {BUDGET}), "
                    f"pairs from {min(ratios):.3f} to {max(ratios):.3f}; "
                    f"{statistics.median(speeds[False]):,.0f} and {statistics.median(speeds[True]):,.0f} steps/s, "
                    f"{asked} jobs and looks",
                    flush=True,
                )
    return results


def speed(trained, seconds: float) -> float:
    """Returns steps per second of wall time."""
    step, began = trained.step, time.perf_counter()
    time.sleep(seconds)
    return (trained.step - step) / (time.perf_counter() - began)


@contextlib.contextmanager
def serving(store) -> Iterator:
    """Serves the routes of a store from a thread of this process; gives a function (run id) → the socket's address."""
    import uvicorn
    from starlette.applications import Starlette

    from server.guard import Guard
    from server.routes import build_routes

    guard = Guard(lambda: ["127.0.0.1"], secret="of a benchmark")
    app = Starlette(routes=build_routes(lambda: store, guard, lambda: ({}, None)))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield lambda run_id: f"ws://127.0.0.1:{port}/api/runs/{run_id}/live?token={guard.token(run_id)}"
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def opened(trained, address: str) -> Iterator:
    """Opens everything; gives a function that returns how often something was asked for. Waits for the jobs."""
    closed, looks = threading.Event(), []
    listeners = [subprocess.Popen([sys.executable, "-c", LISTEN, address]) for _ in range(TABS)]
    panels = threading.Thread(target=look, args=(trained, closed, looks))
    panels.start()
    try:
        yield lambda: len(looks)
    finally:
        assert all(listener.poll() is None for listener in listeners), "a socket was closed"
        closed.set()
        for listener in listeners:
            listener.kill()
            listener.wait()
        panels.join()


def look(trained, closed: threading.Event, looks: list[str]) -> None:
    """Asks for what the panels ask for, until they are closed; then waits for the jobs."""
    from trainer.analysis.evaluation.evaluating import evaluate
    from trainer.analysis.histograms import read_spreads
    from trainer.analysis.jobs import ask
    from trainer.analysis.predictor import predictor
    from trainer.runs.views.frames import list_frames, read_fixed, read_frame

    digest = trained.find_checkpoint("latest").digest
    folder = str(trained.path)

    def predict(job) -> np.ndarray:
        made = predictor(trained, "latest")
        return made.predict(np.zeros((1, *made.input_shape), np.float32))

    jobs = [
        ask(("evaluation", folder, digest, "validation"), lambda job: evaluate(trained, digest, "validation", job)),
        ask(("benchmark predict", folder, digest), predict),
    ]
    looks += ["evaluation", "prediction"]
    read_spreads(trained.path)
    while True:
        for _ in range(TABS):
            frames = list_frames(trained.path)
            if frames:
                read_fixed(trained.path)
                read_frame(trained.path, frames[-1])
                looks.append("frame")
        if closed.wait(_EVERY):
            break
    for job in jobs:
        job.wait()
        assert not job.error, job.error


def main() -> None:
    """Runs it from the shell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    run(options.seconds, options.pairs)


if __name__ == "__main__":
    main()
