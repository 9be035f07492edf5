"""Scaling and prediction for models of raw `tf.Variable`s.

They do for a `tf.Module` what `raw_input` and `predict_output` of `trainer.catalog.layers` do for a Keras model.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from trainer.catalog.layers import Head, category_places, count_numbers
from trainer.config.data_spec import DataSpec


class Scaling(tf.Module):
    """Scales raw examples: from (batch, *input_shape), uint8 or float32, to float32.

    A table's columns are encoded to (batch, data.features), as in `encode_columns`. The statistics are variables,
    so that one compiled program serves other splits as well.

    Args:
        data: how raw values are scaled, with statistics where they are standardized.
    """

    def __init__(self, data: DataSpec):
        super().__init__(name="scaling")
        self.rescale = data.rescale
        self.mean = self.variance = self.fill = None
        self._numbers = count_numbers(data)
        self._owners, self._codes = category_places(data)
        if data.standardize:
            kept = slice(self._numbers) if data.columns else ...
            self.mean = tf.Variable(np.array(data.mean, np.float32)[kept], trainable=False, name="mean")
            self.variance = tf.Variable(np.array(data.variance, np.float32)[kept], trainable=False, name="variance")
        if data.columns:
            fill = np.array([column.fill for column in data.columns[: self._numbers]], np.float32)
            self.fill = tf.Variable(fill, trainable=False, name="fill")

    def __call__(self, x):
        x = tf.cast(x, tf.float32)
        if self.fill is not None:
            numbers = x[:, : self._numbers]
            numbers = tf.where(tf.math.is_nan(numbers), self.fill, numbers)
            values = tf.cast(tf.gather(x, self._owners, axis=1) == self._codes, tf.float32)
            return tf.concat([(numbers - self.mean) * tf.math.rsqrt(self.variance), values], axis=1)
        if self.rescale is not None:
            x = x * self.rescale
        return x if self.mean is None else (x - self.mean) * tf.math.rsqrt(self.variance + 1e-7)


def predict(logits: tf.Tensor, data: DataSpec, head: Head) -> tf.Tensor:
    """Returns probabilities, or a regression's value in the target's own units.

    Args:
        logits: float32 (batch, head.units).
    """
    if head.activation == "softmax":
        return tf.nn.softmax(logits)
    if head.activation == "sigmoid":
        return tf.sigmoid(logits)
    return logits * data.target_std + data.target_mean


def weights(shape: tuple[int, ...], seed: int, name: str) -> tf.Variable:
    """Returns a variable with initial values from `seed` (Glorot & Bengio 2010)."""
    return tf.Variable(keras.initializers.GlorotUniform(seed=seed)(shape, dtype="float32"), name=name)
