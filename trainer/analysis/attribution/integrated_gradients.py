"""Integrated gradients: what each pixel or step adds to a prediction (Sundararajan et al. 2017, arXiv:1703.01365)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.analysis.evaluation.predictions import class_scores
from trainer.analysis.jobs import Job
from trainer.analysis.predictor import Predictor
from trainer.config.data_spec import DataSpec

STEPS = 32


@dataclass(frozen=True)
class Attributions:
    """What the inputs add to the predictions of some examples.

    Attributes:
        values: float32 (n, *input_shape): positive where the input speaks for the explained output. They add up to
            `change`, except for the error of `STEPS` steps.
        targets: the explained output, int (n,): the predicted class, or for several labels the most probable one.
        output: of the example, float32 (n,).
        change: output of the example − output of the baseline, float32 (n,).
    """

    values: np.ndarray
    targets: np.ndarray
    output: np.ndarray
    change: np.ndarray


def baseline_of(data: DataSpec) -> np.ndarray:
    """Returns the input that stands for nothing: black for an image, else the training split's mean or zeros.

    Returns:
        float32 (*input_shape,), raw.
    """
    baseline = np.zeros(data.input_shape, np.float32)
    return baseline + np.float32(data.mean) if data.standardize and not data.is_image else baseline


def attribute(model: Predictor, x: np.ndarray, job: Job) -> Attributions:
    """Returns integrated gradients by the midpoint rule with `STEPS` steps.

    Args:
        model: of a classification, regression or multilabel run whose inputs are images or sequences.
        x: raw (n, *input_shape).
        job: told how much is done; gives way between examples.
    """
    import tensorflow as tf

    baseline = baseline_of(model.data)
    fractions = ((np.arange(STEPS) + 0.5) / STEPS).astype(np.float32).reshape(-1, *(1,) * baseline.ndim)

    @tf.function(autograph=False, reduce_retracing=True)
    def gradients(path, place):
        with tf.GradientTape() as tape:
            tape.watch(path)
            chosen = explained(model.apply(path), place)
        return tape.gradient(chosen, path)

    def explained(output, place):
        output = tf.cast(output, tf.float32)
        if output.shape[-1] == 1 and model.spec.task == "classification":
            output = tf.concat([1 - output, output], axis=1)
        return tf.gather(output, place, axis=1)

    values, targets, outputs, changes = [], [], [], []
    with tf.device("CPU:0"):
        for number, example in enumerate(np.asarray(x, np.float32)):
            job.give_way()
            ends = model.predict(np.stack([example, baseline])).astype(np.float32)
            if model.spec.task == "classification":
                ends = class_scores(ends)
            target = int(ends[0].argmax())
            path = baseline + fractions * (example - baseline)
            slope = gradients(tf.constant(path), tf.constant(target)).numpy().mean(axis=0)
            values.append(slope * (example - baseline))
            targets.append(target)
            outputs.append(ends[0, target])
            changes.append(ends[0, target] - ends[1, target])
            job.tell((number + 1) / len(x))
    return Attributions(np.stack(values), np.array(targets), np.array(outputs), np.array(changes))
