"""The four workloads: MNIST-shaped work, batch 32, Adam."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BATCH_SIZE = 32
EXAMPLES = 16_000


@dataclass(frozen=True)
class Workload:
    """One model and its data.

    Attributes:
        name: as in the table.
        data: returns x and y; uint8 images or float32 rows.
        layers: returns the Keras layers after scaling.
        torch_model: returns the same as a torch module, of scaled float32 input.
        is_classification: cross-entropy over 10 classes and accuracy, else the squared error.
        fit_budget: the least ratio over Keras fit.
    """

    name: str
    data: Callable
    layers: Callable
    torch_model: Callable
    is_classification: bool
    fit_budget: float


def line() -> tuple[np.ndarray, np.ndarray]:
    """Returns x float32 (n, 1) and y = 2x + 1 + noise, float32 (n,)."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(EXAMPLES, 1)).astype(np.float32)
    return x, (2 * x[:, 0] + 1 + 0.1 * generator.normal(size=EXAMPLES)).astype(np.float32)


def mnist() -> tuple[np.ndarray, np.ndarray]:
    """Returns MNIST's first images, uint8 (n, 28, 28, 1); noise of that shape where the file is absent."""
    path = Path(os.environ.get("TRAINDECK_DATA") or "../shared/data") / "mnist.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as file:
            return file["x_train"][:EXAMPLES, ..., None], file["y_train"][:EXAMPLES]
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (EXAMPLES, 28, 28, 1), np.uint8), generator.integers(0, 10, EXAMPLES)


def _dense(*units: int, dropout: float = 0.0) -> Callable:
    def layers():
        import keras

        stack = [keras.layers.Flatten()]
        for width in units[:-1]:
            stack.append(keras.layers.Dense(width, activation="relu"))
            if dropout:
                stack.append(keras.layers.Dropout(dropout))
        return [*stack, keras.layers.Dense(units[-1], activation="softmax" if units[-1] > 1 else None)]

    return layers


def _torch_dense(inputs: int, *units: int, dropout: float = 0.0) -> Callable:
    def model():
        from torch import nn

        stack, width = [nn.Flatten()], inputs
        for following in units[:-1]:
            stack += [nn.Linear(width, following), nn.ReLU()] + ([nn.Dropout(dropout)] if dropout else [])
            width = following
        return nn.Sequential(*stack, nn.Linear(width, units[-1]))

    return model


def _conv():
    import keras

    stack = []
    for filters in (32, 64, 128):
        stack += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu"), keras.layers.MaxPooling2D()]
    return [*stack, keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]


def _torch_conv():
    from torch import nn

    stack, channels = [], 1
    for filters in (32, 64, 128):
        stack += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*stack, nn.Flatten(), nn.Linear(128 * 9, 10))


WORKLOADS = (
    Workload("linear", line, _dense(1), _torch_dense(1, 1), False, 20),
    Workload("MLP 784-128-10", mnist, _dense(128, 10), _torch_dense(784, 128, 10), True, 8),
    Workload(
        "MLP 784-256-128-10, dropout",
        mnist,
        _dense(256, 128, 10, dropout=0.2),
        _torch_dense(784, 256, 128, 10, dropout=0.2),
        True,
        2,
    ),
    Workload("CNN 32-64-128", mnist, _conv, _torch_conv, True, 1.15),
)
TORCH_BUDGET = 1.2
