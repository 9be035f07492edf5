"""What it costs to train on uploaded data: a table over the same numbers from memory, and streamed over resident."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.loop import keras_model, load
from benchmarks.workloads import BATCH_SIZE, WORKLOADS, offer_mnist

ROUNDS, SECONDS, TABLE_BUDGET = 7, 1.0, 0.9


def run() -> dict:
    """Measures both in turns and prints the ratios."""
    from trainer.training.engine.start_up import load_engine

    offer_mnist()
    load_engine()
    results = {"table": measure_table()}
    print(f"a table's rows over the same data from memory: {results['table']:.3f} (budget {TABLE_BUDGET})", flush=True)
    for workload in WORKLOADS:
        if workload.fields["dataset"] == "mnist" and workload.is_available():
            results[workload.name] = measure_streaming(workload)
            print(f"streamed over resident, {workload.name}: {results[workload.name]:.3f}", flush=True)
    return results


def measure_table() -> float:
    """Returns the speed of an MLP on a CSV of a million rows over that on the same numbers, encoded beforehand."""
    import dataclasses

    from benchmarks.tables import make
    from trainer.config.run_config import RunConfig
    from trainer.data.dataset import Dataset
    from trainer.data.values import Arrays
    from trainer.training.build import build, build_learner

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.csv"
        make(path)
        config = RunConfig(
            model="mlp", dataset="csv", dataset_options={"path": str(path), "target": "target"}, epochs=1000
        )
        plan = build(config)
    spec = plan.dataset.spec
    features = encode(plan.dataset.train.x, spec)
    plain = dataclasses.replace(
        spec, columns=(), input_shape=features.shape[1:], standardize=False, mean=(), variance=()
    )
    memory = Dataset.from_arrays(Arrays(features, plan.dataset.train.y), plain)
    return ratio((plan.learner, plan.dataset), (build_learner(config, plain), memory))


def encode(x: np.ndarray, spec) -> np.ndarray:
    """Returns a table's columns as the model encodes them, float32 (rows, features)."""
    parts = []
    for place, column in enumerate(spec.columns):
        if column.kind == "number":
            values = np.nan_to_num(x[:, place], nan=column.fill)
            parts.append(((values - spec.mean[place]) / np.sqrt(spec.variance[place]))[:, None])
        else:
            parts.append(x[:, place, None] == np.arange(1, column.features + 1))
    return np.concatenate(parts, axis=1, dtype=np.float32)


def measure_streaming(workload) -> float:
    """Returns the speed on a workload's images read from a file over that on the same images on the device."""
    with tempfile.TemporaryDirectory() as folder:
        config, data = load(workload)
        np.save(Path(folder) / "x.npy", data.train.x)
        pairs = []
        for above in (0, 2**40):
            os.environ["TRAINDECK_STREAM_ABOVE"] = str(above)
            pairs.append(learner_and_data(config, data, np.load(Path(folder) / "x.npy", mmap_mode="r")))
        del os.environ["TRAINDECK_STREAM_ABOVE"]
        return ratio(*pairs)


def learner_and_data(config, data, x):
    """Returns a fresh learner and the data set with its inputs in `x`."""
    from trainer import Arrays, Dataset, SupervisedLearner

    learner = SupervisedLearner(keras_model(config, data.spec), loss=config.loss)
    return learner, Dataset.from_arrays(Arrays(x, data.train.y), data.spec, known=data.spec)


def ratio(first, second) -> float:
    """Returns the median ratio of two (learner, data set)'s steps a second, measured in turns."""
    from trainer import train

    chunks = [train(learner, data, epochs=10**6, batch_size=BATCH_SIZE) for learner, data in (first, second)]
    for each in chunks:
        for _ in range(20):  # compile, and find the chunk's length
            next(each)
    return statistics.median(speed(chunks[0]) / speed(chunks[1]) for _ in range(ROUNDS))


def speed(chunks) -> float:
    """Returns steps a second over about `SECONDS`."""
    began, steps = time.perf_counter(), 0
    while (taken := time.perf_counter() - began) < SECONDS:
        steps += len(next(chunks).logs["loss"])
    return steps / taken
