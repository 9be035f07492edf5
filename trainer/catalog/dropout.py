"""Dropout whose mask is a hash of a counter, so that XLA compiles it into the layers around it."""

from __future__ import annotations

import keras
import tensorflow as tf

from trainer.catalog.replica_seeds import of_this_replica

#: The golden ratio as a fraction of 2³²: consecutive integers times it are spread evenly (Knuth, TAOCP 3, §6.4).
_GOLDEN = 0x9E3779B9


@keras.saving.register_keras_serializable(package="traindeck")
class HashedDropout(keras.layers.Layer):
    """Sets a fraction of its inputs to zero in training, and scales the others up so that the mean stays the same.

    Dropout is of Srivastava et al. 2014, JMLR 15. Here a value is kept if a 32-bit hash of (seed, call, position)
    is at least rate · 2³². The hash is the integer finalizer "lowbias32" by C. Wellons, 2018
    (https://nullprogram.com/blog/2018/07/31/, public domain). XLA compiles Keras's random numbers into slow code;
    it fuses this hash with the layers around it.

    The complete state is two integers: the seed, and the number of calls in training.

    Args:
        rate: the fraction set to zero, in [0, 1).
        seed: an integer in [0, 2³²).
        options: of every Keras layer.

    Raises:
        ValueError: rate is out of its range.
    """

    #: Whether XLA makes it faster, as it does plain dense layers.
    is_dense = True

    def __init__(self, rate: float, seed: int, **options):
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1). Received: {rate}. Use 0.2, for example.")
        self.rate, self.seed = rate, seed
        self.supports_masking = True

    def build(self, input_shape):
        """Creates the state: `seed_state` and `calls`, int64 scalars."""
        self.seed_state, self.calls = (
            # The seed is a variable, so that one compiled program serves every seed.
            self.add_weight(shape=(), dtype="int64", initializer=_constant(value), trainable=False, name=name)
            for name, value in (("seed_state", self.seed), ("calls", 0))
        )

    def call(self, inputs, training=False):
        """Returns the same shape and dtype as `inputs`; unchanged unless `training`."""
        if not training or not self.rate:
            return inputs
        seed = of_this_replica(self.seed_state.value)
        mask = keep_mask(tf.shape(inputs), self.rate, seed, self.calls.value)
        self.calls.assign_add(1)
        return tf.where(mask, inputs / (1 - self.rate), tf.zeros([], inputs.dtype))

    def get_config(self):
        """Returns the arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def keep_mask(shape: tf.Tensor, rate: float, seed: tf.Tensor, call: tf.Tensor) -> tf.Tensor:
    """Returns which values are kept, bool of `shape`: each with probability 1 - rate, independent of all others.

    Args:
        shape: int32 (rank,).
        rate: in [0, 1).
        seed, call: int64 scalars; their lowest 32 bits are used.
    """
    key = _mix(tf.cast(call, tf.uint32) * _GOLDEN + tf.cast(seed, tf.uint32))
    place = tf.reshape(tf.cast(tf.range(tf.reduce_prod(shape)), tf.uint32), shape)
    # Places are mixed before they meet the key. Otherwise two calls could have one mask, shifted.
    return _mix(_mix(place * _GOLDEN) ^ key) >= tf.constant(round(rate * 2**32), tf.uint32)


def _mix(h: tf.Tensor) -> tf.Tensor:
    """Returns uint32 numbers that differ in half of their bits if one bit of `h` differs."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h = (h ^ tf.bitwise.right_shift(h, tf.constant(shift, tf.uint32))) * tf.constant(factor, tf.uint32)
    return h ^ tf.bitwise.right_shift(h, tf.constant(16, tf.uint32))


def _constant(value: int):
    return lambda shape, dtype: tf.constant(value, dtype, shape)


def with_keras_dropout(model: keras.Model) -> keras.Model:
    """Returns a model in which every `HashedDropout` is a `keras.layers.Dropout`, with the same weights.

    Such a model loads without this project. It predicts the same: dropout does nothing then.

    Args:
        model: built. A functional model without such a layer, or any other model, is returned as it is.
    """
    if not any(isinstance(layer, HashedDropout) for layer in model.layers):
        return model

    copies = []

    def copy(layer):
        if isinstance(layer, HashedDropout):
            return keras.layers.Dropout(layer.rate, seed=layer.seed)
        copies.append((layer, type(layer).from_config(layer.get_config())))
        return copies[-1][1]

    copied = keras.models.clone_model(model, clone_function=copy)
    for layer, twin in copies:
        twin.set_weights(layer.get_weights())
    return copied
