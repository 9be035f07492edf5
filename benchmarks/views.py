"""Training speed with frames of what the model sees against without: interleaved pairs in one process.

python -m benchmarks.views [--seconds 20] [--pairs 3] [--histograms]
"""

from __future__ import annotations

import argparse
import statistics
import time

BUDGET = 0.95
#: Each is long enough to be still training when it is stopped. Several kinds of view, cheap and dear ones.
WORKLOADS = {
    "surface, spirals": {"model": "mlp", "dataset": "spirals", "model_options": {"layers": 3, "units": 64}},
    "images, digits": {"model": "mlp", "dataset": "digits"},
    "images, digits, CNN": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 8}},
    "sequences, LSTM": {"model": "rnn", "dataset": "sequences", "model_options": {"units": 16}},
    "generated, GAN": {"model": "gan", "dataset": "digits", "model_options": {"filters": 8}},
}


def run(seconds: float = 20.0, pairs: int = 3, *, histograms: bool = False) -> dict:
    """Measures each workload and returns its ratio of steps per second of wall time, validation included.

    Args:
        seconds: of each run, after its first epoch.
        pairs: of runs with and without; which comes first alternates.
        histograms: whether the frames also hold histograms.
    """
    results = {}
    for name, fields in WORKLOADS.items():
        ratios, frames = [], 0
        measure(fields, 2.0, is_watched=True, histograms=histograms)  # Compiles.
        for pair in range(pairs):
            speed = {}
            for is_watched in (True, False) if pair % 2 else (False, True):
                speed[is_watched], count = measure(fields, seconds, is_watched=is_watched, histograms=histograms)
                frames = max(frames, count)
            ratios.append(speed[True] / speed[False])
        results[name] = {"ratio": statistics.median(ratios), "frames": frames, "ratios": ratios}
        print(
            f"{name}: {results[name]['ratio']:.3f} of the speed without (budget {BUDGET}), {frames} frames", flush=True
        )
    return results


def measure(fields: dict, seconds: float, *, is_watched: bool, histograms: bool) -> tuple[float, int]:
    """Returns steps per second of wall time from the first epoch's end on, and the number of frames."""
    import tempfile
    from pathlib import Path

    from trainer import RunConfig, RunStore
    from trainer.runs.views.frames import list_frames
    from trainer.training.views.frames import FrameMaker

    shown = FrameMaker.has_frames
    if not is_watched:
        FrameMaker.has_frames = False
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = RunStore(Path(folder) / "runs").create(RunConfig(**fields, epochs=10**6, histograms=histograms))
            run.start()
            while not len(run.history.epochs):
                time.sleep(0.01)
            step, began = run.step, time.perf_counter()
            time.sleep(seconds)
            speed = (run.step - step) / (time.perf_counter() - began)
            run.stop()
            run.wait()
            return speed, len(list_frames(run.path))
    finally:
        FrameMaker.has_frames = shown


def main() -> None:
    """Runs it from the shell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--histograms", action="store_true")
    options = parser.parse_args()
    run(options.seconds, options.pairs, histograms=options.histograms)


if __name__ == "__main__":
    main()
