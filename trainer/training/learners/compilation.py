"""Whether XLA should compile a model's steps: a rule on the model alone, never on timing.

On a processor XLA makes plain dense steps several times faster, and convolutions, recurrences
and random numbers many times slower (`docs/decisions/xla.md`).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from trainer.training.engine.tracing import traced_alone

#: The most variables whose update is compiled: XLA needs some 30 ms for each, and a run should start immediately.
MOST_UPDATED = 16

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


#: Also dense steps, but with random numbers, which XLA generates slowly.
RANDOM_LAYERS = (keras.layers.Dropout, keras.layers.GaussianNoise, keras.layers.GaussianDropout)


def is_dense(model: keras.Model | tf.Module, kinds: tuple = (*DENSE_LAYERS, *RANDOM_LAYERS)) -> bool:
    """Returns whether a model has only dense layers, so that a step takes less than a millisecond.

    Other models and layers (a tf.Module, a subclass, a custom layer) declare it with an attribute
    `is_dense = True`.

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


def compiled_update(optimizer: keras.optimizers.Optimizer, variables: list) -> Callable[[list], None] | None:
    """Returns a function of gradients that updates variables in one program of XLA's, or None if that is not faster.

    An optimizer makes a dozen small operations per variable. XLA fuses them into one, whatever the
    model. The rule depends only on the kind of optimizer and the number of variables.

    Args:
        optimizer: built; one of Keras's, whose operations XLA knows.
        variables: what it trains.
    """
    if not type(optimizer).__module__.startswith("keras.src.") or len(variables) > MOST_UPDATED:
        return None

    def update(gradients):
        optimizer.apply(gradients, variables)

    apply = tf.function(traced_alone(update, is_compiled=True), jit_compile=True, autograph=False)
    return lambda gradients: apply([tf.convert_to_tensor(gradient) for gradient in gradients])
