"""Baselines: the scores of a constant prediction, which a model has to beat.

The prediction comes from the training split: the frequency of each class (so the most frequent class wins), or the
mean target. The run's own loss and metrics score it, so its scores are comparable with the model's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.config.registry import LOSSES, METRICS
from trainer.config.run_config import RunConfig
from trainer.data.dataset import Dataset
from trainer.data.splits import Split

#: How many targets are scored at once.
BLOCK = 1 << 16
#: The metrics that decide whether a run has learned. For others, such as F1, a random guess may beat the baseline.
DECISIVE = ("loss", "accuracy")


def measure_baselines(
    config: RunConfig, goal: DataSpec, dataset: Dataset, class_weight: list[float] | None = None
) -> dict[str, float]:
    """Returns the constant guess's scores, named as the run's own: "accuracy", "val_loss", "test_r2", …

    Args:
        config: the recipe.
        goal: the data as the model sees it.
        dataset: loaded and split.
        class_weight: how much an example of each class counts in the training loss, or None.

    Returns:
        Finite numbers only; empty for a task without targets, or whose target is the input.
    """
    if goal.task not in ("classification", "regression", "multilabel"):
        return {}
    from trainer.catalog.layers import head_for

    head = head_for(goal, config.loss)
    guess = constant_guess(goal, dataset.train.y, head.units)
    splits = {"": dataset.train, "val_": dataset.validation, "test_": dataset.test}
    found = {}
    for prefix, split in splits.items():
        if split is not None:
            weights = None if prefix else class_weight
            scores = score_guess(config, goal, head, split, guess, weights)
            found |= {f"{prefix}{name}": value for name, value in scores.items() if math.isfinite(value)}
    return found


def constant_guess(goal: DataSpec, y: np.ndarray, units: int) -> np.ndarray:
    """Returns one prediction for all examples, float32 (units,): class frequencies, or the mean of the targets."""
    if goal.task != "classification":
        return y.mean(axis=0, dtype=np.float64).astype(np.float32)
    shares = np.bincount(y, minlength=goal.num_classes) / len(y)
    return shares[-units:].astype(np.float32)


def score_guess(
    config: RunConfig, goal: DataSpec, head, split: Split, guess: np.ndarray, class_weight: list[float] | None
) -> dict[str, float]:
    """Returns the loss and metrics of one prediction made for all examples of a split."""
    import tensorflow as tf

    loss = LOSSES[config.loss].build(goal, **config.loss_options)
    metrics = [METRICS[name].build(goal, head) for name in config.metrics]
    total = 0.0
    for first in range(0, len(split), BLOCK):
        y = tf.constant(split.y[first : first + BLOCK])
        prediction = tf.tile(guess[None], [len(y), 1])
        weights = () if class_weight is None else (tf.gather(tf.constant(class_weight, tf.float32), y),)
        total += float(tf.reduce_mean(loss(y, prediction, *weights))) * len(y)
        for metric in metrics:
            metric.update_state(y, prediction)
    return {"loss": total / len(split)} | {metric.name: float(metric.result()) for metric in metrics}


def has_learned(scores: Mapping[str, float], baselines: Mapping[str, float]) -> bool | None:
    """Returns whether a model is better than a constant prediction.

    That is the case if its loss or its accuracy beats the baseline's: on the test split if it was tested, else on
    the validation split, else on the training split.

    Args:
        scores: of one state of the model, such as `run.metrics["best"]`.
        baselines: under the same names.

    Returns:
        None if nothing can be compared.
    """
    for prefix in ("test_", "val_", ""):
        names = [prefix + name for name in DECISIVE if prefix + name in scores and prefix + name in baselines]
        if names:
            return any(
                scores[name] < baselines[name] if name.endswith("loss") else scores[name] > baselines[name]
                for name in names
            )
    return None
