"""Whether XLA should compile a model's steps: a rule on the model alone, never on timing.

On a processor XLA makes plain dense steps several times faster, and convolutions, recurrences
and random numbers many times slower (`docs/decisions/xla.md`).
"""

from __future__ import annotations

import keras
import tensorflow as tf

DENSE_LAYERS = (
    keras.layers.InputLayer,
    keras.layers.Dense,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Concatenate,
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.Softmax,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
)


#: Dense steps too, but with random numbers, which XLA makes slowly.
RANDOM_LAYERS = (keras.layers.Dropout, keras.layers.GaussianNoise, keras.layers.GaussianDropout)


def is_dense(model: keras.Model | tf.Module, kinds: tuple = (*DENSE_LAYERS, *RANDOM_LAYERS)) -> bool:
    """Returns whether a model is made of dense layers alone, whose steps are over in less than a millisecond.

    What is no chain of such layers (a tf.Module, a subclass, a layer of one's own) says of itself
    that it is, with an attribute `is_dense = True`.

    Args:
        model: the model.
        kinds: which layers count.
    """
    if type(model) not in (keras.Sequential, keras.Model) and type(model).__name__ != "Functional":
        return getattr(model, "is_dense", False) is True
    return all(isinstance(layer, kinds) or getattr(layer, "is_dense", False) is True for layer in model.layers)


def suits_xla(model: keras.Model | tf.Module) -> bool:
    """Returns whether every layer is one that XLA is known to make faster."""
    return is_dense(model, DENSE_LAYERS)
