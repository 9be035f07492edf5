"""Random numbers of several devices: from one stored state, each device draws a stream of its own."""

from __future__ import annotations

import keras
import tensorflow as tf

from trainer.catalog.variables import replica_number

#: An odd number far from those that the layers' own hashes multiply by, so that no device repeats another's masks.
_DISTANCE = 0x85EBCA6B


def of_this_replica(seed: tf.Tensor) -> tf.Tensor:
    """Returns the seed as this device uses it: unchanged on one device, and on the first of several.

    Args:
        seed: int64 scalar, of which the lowest 32 bits are used; or a key of Keras's, uint32 (2,).
    """
    replica = replica_number()
    if replica is None:
        return seed
    shift = replica * _DISTANCE % 2**32
    return seed + tf.constant([shift, 0] if seed.shape.rank else shift, seed.dtype)


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that each device draws its own stream from. Its state is the same on all of them."""

    def next(self, ordered=True):
        """Returns the next key, uint32 (2,)."""
        return of_this_replica(super().next(ordered))


def separate_streams(model: keras.Model) -> None:
    """Has every layer of a model draw its own random numbers on each device; a second call changes nothing."""
    for layer in model._flatten_layers():
        for generator in getattr(layer, "_seed_generators", ()):
            if type(generator) is keras.random.SeedGenerator:
                generator.__class__ = ReplicaSeedGenerator
