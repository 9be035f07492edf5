"""Losses against scikit-learn and numpy, and the remaining metrics against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from tests.references.compare import compare
from trainer.config.data_spec import DataSpec
from trainer.config.registry import LOSSES, METRICS

RANDOM = np.random.default_rng(3)
N = 300
CLASSES = RANDOM.integers(0, 5, N).astype(np.int32)
SHARES = RANDOM.dirichlet(np.ones(5), N).astype(np.float32)
YES = RANDOM.integers(0, 2, N).astype(np.int32)
CHANCE = RANDOM.uniform(0.01, 0.99, (N, 1)).astype(np.float32)
LABELS = RANDOM.integers(0, 2, (N, 3)).astype(np.float32)
CHANCES = RANDOM.uniform(0.01, 0.99, (N, 3)).astype(np.float32)
STD = 40.0
NUMBERS = RANDOM.normal(150, STD, (N, 1)).astype(np.float32)
MISSES = RANDOM.normal(0, 60, (N, 1)).astype(np.float32)

FIVE = DataSpec("classification", (3,), N, num_classes=5)
TWO = DataSpec("classification", (3,), N, num_classes=2)
MANY = DataSpec("multilabel", (3,), N, num_classes=3)
NUMBER = DataSpec("regression", (3,), N, target_mean=150.0, target_std=STD)
SCALED = DataSpec("reconstruction", (3,), N, rescale=1.0)
MADE = DataSpec("generation", (8, 8, 1), N)


def measure(name, spec, y, prediction, **options):
    return float(LOSSES[name].build(spec, **LOSSES[name].parse(options))(y, prediction))


def smoothed(y, classes, doubt):
    return np.eye(classes)[y] * (1 - doubt) + doubt / classes


def cross_entropy(truth, chance):
    return -(truth * np.log(chance) + (1 - truth) * np.log(1 - chance)).mean()


def test_cross_entropy_of_classes():
    shares = SHARES.astype(np.float64)
    expected = sk.log_loss(CLASSES, shares / shares.sum(1, keepdims=True))
    for name in ("sparse_categorical_crossentropy", "categorical_crossentropy"):
        compare(f"Loss {name}", "scikit-learn log_loss", measure(name, FIVE, CLASSES, SHARES), expected)
    doubted = -(smoothed(CLASSES, 5, 0.1) * np.log(shares)).sum(1).mean()
    ours = measure("categorical_crossentropy", FIVE, CLASSES, SHARES, label_smoothing=0.1)
    compare("Loss categorical_crossentropy, smoothed labels", "numpy", ours, doubted)


def test_binary_cross_entropy():
    name = "binary_crossentropy"
    compare(f"Loss {name}", "scikit-learn log_loss", measure(name, TWO, YES, CHANCE), sk.log_loss(YES, CHANCE[:, 0]))
    each = [sk.log_loss(LABELS[:, label], CHANCES[:, label]) for label in range(3)]
    compare(f"Loss {name} of labels", "scikit-learn log_loss", measure(name, MANY, LABELS, CHANCES), np.mean(each))
    expected = cross_entropy(YES[:, None] * 0.8 + 0.1, CHANCE.astype(np.float64))
    compare(f"Loss {name}, smoothed labels", "numpy", measure(name, TWO, YES, CHANCE, label_smoothing=0.2), expected)


def test_losses_of_numbers_are_in_standard_deviations():
    prediction, name = NUMBERS + MISSES, "mean_squared_error"
    mse, mae = sk.mean_squared_error(NUMBERS, prediction), sk.mean_absolute_error(NUMBERS, prediction)
    compare(f"Loss {name}", "scikit-learn", measure(name, NUMBER, NUMBERS, prediction), mse / STD**2)
    ours = measure("mean_absolute_error", NUMBER, NUMBERS, prediction)
    compare("Loss mean_absolute_error", "scikit-learn", ours, mae / STD)
    z = np.abs((prediction - NUMBERS).astype(np.float64)) / STD
    huber = np.where(z <= 0.7, z**2 / 2, 0.7 * (z - 0.35)).mean()
    compare("Loss huber", "numpy", measure("huber", NUMBER, NUMBERS, prediction, delta=0.7), huber)


def test_losses_of_reconstructions_are_of_the_values_as_they_are():
    for name, score in (("mean_squared_error", sk.mean_squared_error), ("mean_absolute_error", sk.mean_absolute_error)):
        compare(f"Loss {name}, pixels", "scikit-learn", measure(name, SCALED, CHANCES, LABELS), score(CHANCES, LABELS))


def test_losses_of_a_gan():
    y, score = YES[:, None].astype(np.float32), RANDOM.normal(size=(N, 1)).astype(np.float32)
    expected = cross_entropy(y, 1 / (1 + np.exp(-score.astype(np.float64))))
    compare("Loss non_saturating", "numpy", measure("non_saturating", MADE, y, score), expected)
    expected = sk.mean_squared_error(y, score)
    compare("Loss least_squares", "scikit-learn", measure("least_squares", MADE, y, score), expected)


@pytest.mark.parametrize("size", [N, 64, 7])
def test_metrics_over_batches_are_those_of_the_whole(size):
    from trainer.catalog.layers import Head

    def ours(name, spec, head, y, prediction):
        metric = METRICS[name].build(spec, head)
        for first in range(0, N, size):
            metric.update_state(y[first : first + size], prediction[first : first + size])
        return float(metric.result())

    def check(name, spec, head, y, prediction, expected):
        compare(f"Metric {name}", "scikit-learn", ours(name, spec, head, y, prediction), expected)

    softmax, sigmoid, linear = Head(5, "softmax"), Head(1, "sigmoid"), Head(1, "linear")
    check("accuracy", FIVE, softmax, CLASSES, SHARES, sk.accuracy_score(CLASSES, SHARES.argmax(1)))
    check("accuracy", TWO, sigmoid, YES, CHANCE, sk.accuracy_score(YES, CHANCE[:, 0] > 0.5))
    check("top_3_accuracy", FIVE, softmax, CLASSES, SHARES, sk.top_k_accuracy_score(CLASSES, SHARES, k=3))
    check("exact_match", MANY, Head(3, "sigmoid"), LABELS, CHANCES, sk.accuracy_score(LABELS, CHANCES > 0.5))
    prediction = NUMBERS + MISSES
    check("mae", NUMBER, linear, NUMBERS, prediction, sk.mean_absolute_error(NUMBERS, prediction))
    check("rmse", NUMBER, linear, NUMBERS, prediction, sk.root_mean_squared_error(NUMBERS, prediction))
    check("r2", NUMBER, linear, NUMBERS, prediction, sk.r2_score(NUMBERS, prediction))
