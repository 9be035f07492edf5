"""A run on a Ray cluster of its own on this machine against the same run in a thread: interleaved pairs.

python -m benchmarks.ray [--seconds 10] [--pairs 3]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
from typing import Any

WORKLOADS = {
    "MLP, digits": {"model": "mlp", "dataset": "digits"},
    "CNN, digits": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 8}},
}


def run(seconds: float = 10.0, pairs: int = 3) -> dict[str, Any]:
    """Measures each workload and returns the ratios of its steps per second, on the cluster over here.

    Args:
        seconds: of each run, after its first epoch.
        pairs: of runs; which place comes first alternates.
    """
    if importlib.util.find_spec("ray") is None:
        print("Ray is not installed: pip install -r requirements-ray.txt")
        return {}
    os.environ["TRAINDECK_RAY"] = "local"
    from trainer.runs.cluster.connection import connection

    began = time.perf_counter()
    print(f"{connection().wait()}, connected in {time.perf_counter() - began:.1f} s", flush=True)
    results = {}
    for name, fields in WORKLOADS.items():
        ratios, speeds, starts = [], {"local": [], "cluster": []}, {"local": [], "cluster": []}
        for pair in range(pairs):
            for where in ("local", "cluster") if pair % 2 else ("cluster", "local"):
                speed, start = measure(fields, seconds, where)
                speeds[where].append(speed)
                starts[where].append(start)
            ratios.append(speeds["cluster"][-1] / speeds["local"][-1])
        results[name] = {"ratio": statistics.median(ratios), "ratios": ratios, "speeds": speeds, "starts": starts}
        speed = {where: f"{statistics.median(values):,.0f}" for where, values in speeds.items()}
        start = {where: f"{statistics.median(values):.1f}" for where, values in starts.items()}
        print(
            f"{name}: {results[name]['ratio']:.3f} of the speed in a thread ({speed['cluster']} and {speed['local']} "
            f"steps/s; pairs {', '.join(f'{ratio:.3f}' for ratio in ratios)}); first step after {start['cluster']} and "
            f"{start['local']} s",
            flush=True,
        )
    return results


def measure(fields: dict, seconds: float, where: str) -> tuple[float, float]:
    """Returns steps per second of wall time from the first epoch's end on, and the seconds until the first step."""
    import tempfile
    from pathlib import Path

    from trainer import RunConfig, RunStore

    with tempfile.TemporaryDirectory() as folder:
        run = RunStore(Path(folder) / "runs").create(RunConfig(**fields, epochs=10**6), where=where)
        began = time.perf_counter()
        run.start()
        while not run.step:
            if not run.is_live:
                raise SystemExit(run.reason)
            time.sleep(0.01)
        first = time.perf_counter() - began
        while not len(run.history.epochs):
            time.sleep(0.01)
        step, began = run.step, time.perf_counter()
        time.sleep(seconds)
        speed = (run.step - step) / (time.perf_counter() - began)
        run.stop()
        run.wait()
        return speed, first


def main() -> None:
    """Runs it from the shell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    run(options.seconds, options.pairs)


if __name__ == "__main__":
    main()
