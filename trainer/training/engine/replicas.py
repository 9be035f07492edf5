"""The devices that share one step: each computes its part of the batch, and they exchange sums.

A learner writes its step once, for a part of a batch. On one device the part is the whole batch, and nothing here
adds an operation.
"""

from __future__ import annotations

import itertools

import tensorflow as tf

from trainer.catalog.variables import replica_number


class OneReplica:
    """One device computes the whole batch."""

    def weigh(self, mean: tf.Tensor) -> tf.Tensor:
        """Returns a mean over this part's examples times the part's share of the batch: the sum is the batch's mean."""
        return mean

    def add_up(self, tensors: list[tf.Tensor]) -> list[tf.Tensor]:
        """Returns the sums over all devices, on each of them. Call it once per step: every call waits for all."""
        return tensors

    def join(self, part):
        """Returns the whole batch's tensors of each part's, in the batch's order.

        Args:
            part: a tensor (examples, …), or a dictionary, tuple or list of them.
        """
        return part

    def count(self, examples: tf.Tensor) -> tf.Tensor:
        """Returns how many examples the whole batch has.

        Args:
            examples: how many this part has, float32.
        """
        return examples


class Replicas(OneReplica):
    """Several devices that share a batch, in equal parts up to one example.

    If the batch has fewer examples than there are devices, each device computes all of it.

    Args:
        count: of the devices.
        size: examples in the batch.
    """

    def __init__(self, count: int, size: int):
        self._size = size
        is_shared = size >= count
        bounds = [size * number // count for number in range(count + 1)]
        self._rows = [slice(*pair) if is_shared else slice(size) for pair in itertools.pairwise(bounds)]
        self._shares = [(rows.stop - (rows.start or 0)) / size if is_shared else 1 / count for rows in self._rows]
        self._is_shared = is_shared

    @property
    def rows(self) -> slice:
        """The examples that this device computes."""
        return self._rows[replica_number()]

    def weigh(self, mean):
        """See `OneReplica.weigh`."""
        return mean * self._shares[replica_number()]

    def add_up(self, tensors):
        """See `OneReplica.add_up`. One device adds in a fixed order, so that the bits repeat."""

        def add(strategy, *parts):
            pairs = [(part, part) for part in parts]
            return strategy.extended.batch_reduce_to(tf.distribute.ReduceOp.SUM, pairs)

        # Not `all_reduce`: its custom gradient would keep the traced step in memory until the process ends.
        dense = [tf.convert_to_tensor(tensor) for tensor in tensors]
        return list(tf.distribute.get_replica_context().merge_call(add, args=dense))

    def join(self, part):
        """See `OneReplica.join`."""
        if not self._is_shared:
            return part

        def concatenate(strategy, *parts):
            return [tf.concat(strategy.experimental_local_results(each), 0) for each in parts]

        flat = tf.nest.flatten(part)
        whole = tf.distribute.get_replica_context().merge_call(concatenate, args=flat)
        return tf.nest.pack_sequence_as(part, list(whole))

    def count(self, examples):
        """See `OneReplica.count`."""
        return tf.constant(self._size, tf.float32)
