"""What models of raw `tf.Variable`s share: scaling, and the prediction from the last sums.

They do for a `tf.Module` what `raw_input` and `predict_output` of `trainer.layers` do for a Keras model.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from trainer.dataset import DataSpec
from trainer.layers import Head


def scale(x: tf.Tensor, data: DataSpec) -> tf.Tensor:
    """Returns raw examples as the model sees them.

    Args:
        x: (batch, *input_shape), uint8 or float32, raw.

    Returns:
        float32 of the same shape.
    """
    x = tf.cast(x, tf.float32)
    if data.rescale is not None:
        x = x * data.rescale
    if data.standardize:
        deviation = np.maximum(np.sqrt(np.array(data.variance, np.float32)), keras.config.epsilon())
        x = (x - np.array(data.mean, np.float32)) / deviation
    return x


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
    """Returns a variable whose initial values follow from `seed` (Glorot & Bengio 2010)."""
    return tf.Variable(keras.initializers.GlorotUniform(seed=seed)(shape, dtype="float32"), name=name)
