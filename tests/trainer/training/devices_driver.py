"""Trains tiny models on two logical processors and on one, and prints what was found as JSON.

    python -m tests.trainer.training.devices_driver

Logical devices must exist before TensorFlow is used, so all checks share this one process.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile

import numpy as np

from trainer import RunConfig, RunStore
from trainer.catalog.variables import copies
from trainer.errors import ConfigError
from trainer.training.build import build, build_learner, class_weights
from trainer.training.engine.placement import OneDevice, placement_of
from trainer.training.learner_state import digest_of, restore, state_arrays
from trainer.training.loop import Evaluator, train

#: 1,599 training examples: 41 equal batches.
EVEN = {"dataset": "digits", "validation_split": 0.11, "batch_size": 39, "epochs": 5}
CASES = {
    "mlp": {"model": "mlp", "model_options": {"units": 16}, "clip_norm": 0.5, "metrics": ["accuracy", "auc"], **EVEN},
    "cnn": {
        "model": "cnn",
        "model_options": {"filters": 4, "blocks": 1},
        "gradient_accumulation_steps": 3,
        "optimizer": "adamw",
        "ema_momentum": 0.9,
        "l1": 0.0001,
        "l2": 0.0001,
        "class_weight": "balanced",
        **EVEN,
    },
    "rnn": {"model": "rnn", "model_options": {"units": 8}, "schedule": "cosine", **EVEN},
    # Of 800 examples the last batch has one, for two devices.
    "subclassed": {
        "model": "subclassed",
        "model_options": {"hidden_size": 16},
        "dataset": "linear",
        "batch_size": 47,
        "epochs": 12,
    },
    "batch norm and dropout": {
        "model": "mlp",
        "model_options": {"units": 8, "layers": 1, "batch_norm": True, "dropout": 0.3},
        **EVEN,
        "epochs": 2,
    },
}
#: What is not the same on one device.
UNEQUAL = ("batch norm and dropout",)
#: A step in the middle of the second epoch, where a run is cut.
CUT = 60


def make_steps(learner, dataset, config, placement, *, step: int = 0, until: int | None = None, validate=None):
    """Trains and returns the logs, each name with all its values, and the logs of the epochs that are validated."""
    rows, epochs = [], []
    options = {"epochs": config.epochs, "batch_size": config.batch_size, "step": step, "until": until}
    for chunk in train(learner, dataset, placement=placement, **options):
        rows.append(chunk.logs)
        if chunk.ends_epoch and validate:
            epochs.append({**chunk.epoch_logs, **{f"val_{name}": value for name, value in validate().items()}})
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}, epochs


def train_whole(fields: dict, placement, *, validates: bool = True) -> dict:
    """Trains a fresh learner to the end; then from its first state again up to the cut."""
    with placement.scope():
        config = RunConfig(**fields)
        plan = build(config)
        learner, dataset = plan.learner, plan.dataset
        first = state_arrays(learner.snapshot())
        validate = Evaluator(learner, dataset.validation) if validates else None
        logs, epochs = make_steps(learner, dataset, config, placement, validate=validate)
        values = [[copy.numpy() for copy in copies(v)] for part in learner.variables().values() for v in part]
        found = {
            "logs": logs,
            "epochs": epochs,
            "digest": digest_of(state_arrays(learner.snapshot())),
            "has_equal_copies": all((value == each[0]).all() for each in values for value in each),
            "copies": len(values[0]),
        }
        if not isinstance(placement, OneDevice):
            restore(learner, first, placement)
            found["again"], _ = make_steps(learner, dataset, config, placement, until=CUT)
            found |= {"cut": state_arrays(learner.snapshot()), "dataset": dataset}
        learner.release()
        return found


def resume(fields: dict, placement, dataset, state: dict) -> str:
    """Returns the digest that a fresh learner with other initial weights reaches from the state at the cut."""
    with placement.scope():
        config = RunConfig(**fields, seed=7)
        learner = build_learner(config, dataset.spec, class_weights(config, dataset))
        restore(learner, state, placement)
        make_steps(learner, dataset, config, placement, step=CUT)
        digest = digest_of(state_arrays(learner.snapshot()))
        learner.release()
        return digest


def compare(fields: dict, *, with_one: bool = True) -> dict:
    """Returns what differs between one device and two, and between an uncut run on two and a cut one."""
    both = placement_of("all")
    two = train_whole(fields, both, validates=with_one)
    pairs = two["again"].items()
    found = {
        "repeats": all(np.array_equal(values, two["logs"][name][:CUT], equal_nan=True) for name, values in pairs),
        "resumes": resume(fields, both, two["dataset"], two["cut"]) == two["digest"],
        "has_equal_copies": two["has_equal_copies"],
        "copies": two["copies"],
    }
    if with_one:
        one = train_whole(fields, OneDevice("CPU:0"))
        logs = {name: float(np.nanmax(np.abs(values - two["logs"][name]))) for name, values in one["logs"].items()}
        epochs = [abs(a[name] - b[name]) for a, b in zip(one["epochs"], two["epochs"], strict=True) for name in a]
        found |= {"steps": len(one["logs"]["loss"]), "logs": logs, "epochs": float(max(epochs))}
    return found


def has_own_streams() -> dict:
    """Returns per kind of dropout whether each device drops other values, though the state is the same."""
    import keras
    import tensorflow as tf

    from trainer.catalog.dropout import HashedDropout
    from trainer.catalog.replica_seeds import separate_streams

    both, found = placement_of("all"), {}
    for kind in (HashedDropout, keras.layers.Dropout):
        with both.scope():
            model = keras.Sequential([keras.Input((64,)), kind(0.5, seed=3)])
            separate_streams(model)
            strategy = tf.distribute.get_strategy()
            drop = functools.partial(model, tf.ones((1, 64)), training=True)
            draw = tf.function(functools.partial(strategy.run, drop), autograph=False)
            first, second = ([part.numpy() for part in strategy.experimental_local_results(draw())] for _ in range(2))
            states = [[copy.numpy().tolist() for copy in copies(v)] for v in model.variables]
        alone = kind(0.5, seed=3)(tf.ones((1, 64)), training=True).numpy()
        distinct = {part.tobytes() for part in (*first, *second)}
        is_equal = all(value == state[0] for state in states for value in state)
        found[kind.__name__] = len(distinct) == 4 and is_equal and (first[0] == alone).all().item()
    return found


def run_whole() -> dict:
    """Trains a run of the store on all devices, pauses and resumes it."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        config = RunConfig(model="mlp", dataset="iris", device="all", epochs=2, histograms=True)
        run = store.create(config)
        run.start()
        run.wait(timeout=60)
        log = (run.path / "log.txt").read_text(encoding="utf-8")
        return {
            "status": run.status,
            "log": log,
            "device": run.fingerprint["device"],
            "frames": sorted(path.name for path in (run.path / "views").iterdir()),
        }


def refuse() -> dict:
    """Returns the sentences with which learners are refused."""
    import keras

    from trainer import SupervisedLearner

    x, y = np.zeros((8, 2), np.float32), np.zeros((8, 1), np.float32)
    both, found = placement_of("all"), {}

    def learner(loss):
        return SupervisedLearner(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), loss=loss)

    made = {"outside": learner("mean_squared_error")}
    with both.scope():
        made["sum"] = learner(keras.losses.MeanSquaredError(reduction="sum"))
    for name, each in made.items():
        try:
            next(train(each, (x, y), epochs=1, batch_size=4, placement=both))
        except ConfigError as error:
            found[name] = str(error)
    return found


def main() -> None:
    """Prints everything."""
    os.environ["TRAINDECK_LOGICAL_CPUS"] = "2"
    found = {"cases": {name: compare(fields, with_one=name not in UNEQUAL) for name, fields in CASES.items()}}
    found |= {"streams": has_own_streams(), "run": run_whole(), "refused": refuse()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
