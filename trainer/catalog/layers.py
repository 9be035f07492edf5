"""Inputs, outputs and seeds of the catalog's models.

Scaling is part of the model, so that a downloaded model takes raw data.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from trainer.catalog.dropout import HashedDropout
from trainer.config.arithmetic import ARITHMETIC
from trainer.config.data_spec import DataSpec
from trainer.config.registry import LOSSES

#: Up to this many categories are encoded one by one: steps are faster, but XLA compiles many of them slowly.
FEW_CATEGORIES = 16


class Seeds:
    """A stream of seeds, so that no layer depends on global random state.

    Keras draws a missing seed from Python's global generator, which other threads use too.

    Args:
        seed: of the run.
        arithmetic: of the run: how layers turn seeds into random numbers; see `trainer.config.arithmetic`.
    """

    def __init__(self, seed: int, arithmetic: int = ARITHMETIC):
        self._generator, self.arithmetic = np.random.Generator(np.random.Philox(seed)), arithmetic

    def __call__(self) -> int:
        """Returns the next seed, in [0, 2**31)."""
        return int(self._generator.integers(2**31))


@dataclass(frozen=True)
class Head:
    """The output of a model's last layer.

    Attributes:
        units: numbers per example.
        activation: "softmax" (one probability per class), "sigmoid" (probability of class 1, or of each label)
            or "linear".
    """

    units: int
    activation: str


def head_for(data: DataSpec, loss: str) -> Head:
    """Returns the last layer that a loss needs: one unit per class or label, or a single one.

    Args:
        data: with the number of classes or labels.
        loss: an entry of `LOSSES`.
    """
    activation = LOSSES[loss].traits.head
    is_many = activation == "softmax" or data.task == "multilabel"
    return Head(data.num_classes if is_many else 1, activation)


def dense(units: int, seeds: Seeds, activation: str | None = None) -> keras.layers.Dense:
    """Returns a dense layer with initial weights from `seeds` (Glorot & Bengio 2010)."""
    initializer = keras.initializers.HeNormal if activation == "relu" else keras.initializers.GlorotUniform
    return keras.layers.Dense(units, activation=activation, kernel_initializer=initializer(seed=seeds()))


def dropout(rate: float, seeds: Seeds) -> keras.layers.Layer:
    """Returns a dropout layer for nets that XLA compiles; runs of earlier versions keep Keras's layer."""
    kind = HashedDropout if seeds.arithmetic >= 3 else keras.layers.Dropout
    return kind(rate, seed=seeds())


def standardize(data: DataSpec) -> keras.layers.Layer:
    """Returns a layer that subtracts the training split's mean and divides by its standard deviation."""
    return frozen_norm(data.input_shape, data.mean, data.variance, "standardize", epsilon=1e-7)


def frozen_norm(shape: tuple[int, ...], mean, variance, name: str, epsilon: float = 0.0) -> keras.layers.Layer:
    """Returns a layer that subtracts a mean and divides by the root of a variance.

    It is a frozen batch norm. Unlike `Normalization` it keeps the statistics in variables, so that one compiled
    program serves other splits as well.

    Args:
        shape: of one example.
        mean, variance: float (*shape,).
        name: of the layer.
        epsilon: added to the variance.
    """
    layer = keras.layers.BatchNormalization(center=False, scale=False, epsilon=epsilon, trainable=False, name=name)
    layer.build((None, *shape))
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(variance)
    return layer


def encode_columns(x: keras.KerasTensor, data: DataSpec) -> keras.KerasTensor:
    """Returns a table's raw columns as numbers that a model can learn from.

    Missing numbers are filled, and numbers are standardized. A category is one-hot encoded: one number per value of
    its vocabulary. A value outside the vocabulary becomes zeros.

    Args:
        x: float32 (batch, columns), see `Column`.
        data: with `columns`, numbers first, whose fills are known, and the numbers' `mean` and `variance`.

    Returns:
        float32 (batch, data.features).
    """
    parts, count = [], count_numbers(data)
    if count:
        fill = np.array([column.fill for column in data.columns[:count]])
        mean, variance = np.array(data.mean)[:count], np.array(data.variance)[:count]
        # Relative to the fill, a missing value is zero, and the fill can be a variable.
        distance = frozen_norm(fill.shape, fill, np.ones_like(fill), "distance_from_fill")(x[:, :count])
        filled = keras.ops.nan_to_num(distance, nan=0.0)
        parts.append(frozen_norm(fill.shape, mean - fill, variance, "standardize")(filled))
    if len(data.columns) - count <= FEW_CATEGORIES:
        for place, column in enumerate(data.columns[count:], start=count):
            code = keras.ops.cast(x[:, place], "int32")
            parts.append(keras.ops.one_hot(code - 1, len(column.vocabulary), dtype="float32"))
    else:
        owners, codes = category_places(data)
        parts.append(keras.ops.cast(keras.ops.equal(keras.ops.take(x, owners, axis=1), codes), "float32"))
    return keras.layers.Concatenate(name="encoded")(parts) if len(parts) > 1 else parts[0]


def category_places(data: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    """Returns the column, int32, and the code, float32, of each one-hot number."""
    count = count_numbers(data)
    sizes = [column.features for column in data.columns[count:]]
    owners = np.repeat(np.arange(count, len(data.columns), dtype=np.int32), sizes)
    return owners, np.concatenate([np.arange(1, size + 1, dtype=np.float32) for size in sizes] or [np.zeros(0)])


def count_numbers(data: DataSpec) -> int:
    """Returns how many of a table's columns are numbers. They come first."""
    return sum(column.kind == "number" for column in data.columns)


def raw_input(data: DataSpec, dtype: str = "float32") -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Returns a model's input, and the same scaled for training.

    Args:
        data: with `mean` and `variance` if it standardizes.
        dtype: of the raw examples; a float32 input takes uint8 examples too, and casts them.

    Returns:
        The input (batch, *input_shape) of raw examples, and float32 of the same shape; of a table with
        columns float32 (batch, data.features).
    """
    inputs = keras.Input(data.input_shape, dtype=dtype, name="input")
    x = inputs
    if data.columns:
        return inputs, encode_columns(x, data)
    if data.rescale is not None:
        x = keras.layers.Rescaling(data.rescale, name="rescale")(x)
    if data.standardize:
        x = standardize(data)(x)
    return inputs, x


def predict_output(x: keras.KerasTensor, data: DataSpec, head: Head, seeds: Seeds) -> keras.KerasTensor:
    """Returns a model's prediction from its last features.

    Args:
        x: float32 (batch, features).

    Returns:
        (batch, head.units): probabilities, or a regression's value in the target's own units.
    """
    x = keras.layers.Dense(head.units, kernel_initializer=keras.initializers.GlorotUniform(seed=seeds()), name="head")(
        x
    )
    if head.activation != "linear":
        x = keras.layers.Activation(head.activation, dtype="float32", name="prediction")(x)
    elif (data.target_std, data.target_mean) != (1.0, 0.0):
        x = keras.layers.Rescaling(data.target_std, offset=data.target_mean, dtype="float32", name="prediction")(x)
    return x


def crop_to(x: keras.KerasTensor, shape: tuple[int, ...]) -> keras.KerasTensor:
    """Returns images cropped at the bottom and right to the size of `shape`, (height, width, channels)."""
    bottom, right = x.shape[1] - shape[0], x.shape[2] - shape[1]
    return keras.layers.Cropping2D(((0, bottom), (0, right)), name="crop")(x) if bottom or right else x
