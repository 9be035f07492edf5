"""All devices: each has a copy of the model and computes a part of every batch (`tf.distribute.MirroredStrategy`).

The devices add up their gradients, then each makes the same update to its own copy. So the copies stay equal, and one
of them is the complete state: a checkpoint looks like that of a run on one device.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from keras.src.losses import loss as keras_loss

from trainer.catalog.variables import raw, set_raw
from trainer.errors import ConfigError
from trainer.training.engine.replicas import Replicas


class PlainMirroredStrategy(tf.distribute.MirroredStrategy):
    """A strategy under which Keras's mean losses stay means.

    Under any other one Keras divides them by the number of devices, as if all parts of a batch were equally large.
    """


_scale = keras_loss.scale_loss_for_distribution
keras_loss.scale_loss_for_distribution = lambda value: (
    value if isinstance(tf.distribute.get_strategy(), PlainMirroredStrategy) else _scale(value)
)


class AllDevices:
    """Several devices of one kind; see `Placement`.

    Args:
        names: of at least two devices, such as ("GPU:0", "GPU:1").
    """

    def __init__(self, names: tuple[str, ...]):
        self.names, self.name = names, " + ".join(names)
        # The first device adds and sends the sums back: in a fixed order, and with the same operations on every kind
        # of device.
        self._strategy = PlainMirroredStrategy(list(names), tf.distribute.ReductionToOneDevice())

    def accept(self, learner: Any) -> None:
        """See `Placement.accept`."""
        reason = learner.why_not_shared()
        if reason:
            raise ConfigError(
                "A learner's parts of a batch must add up to train on all devices. "
                f"Received: {type(learner).__name__}, but {reason}. Train it on one device.",
                "placement",
            )
        variables = [raw(variable) for part in learner.variables().values() for variable in part]
        if not all(isinstance(variable, tf.distribute.DistributedValues) for variable in variables):
            raise ConfigError(
                "A learner must be created inside `with placement.scope():` to train on all devices. "
                "Received: one with variables on a single device. Create model and learner there.",
                "placement",
            )

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """See `Placement.scope`."""
        with self._strategy.scope(), tf.variable_creator_scope(_create_independent):
            yield

    def put(self, array: np.ndarray) -> Any:
        """See `Placement.put`. Every device has a copy of the whole."""

        def copy(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
            with tf.device(self.names[context.replica_id_in_sync_group]):
                return tf.identity(tf.constant(array))

        return self._strategy.experimental_distribute_values_from_function(copy)

    def run(self, function: Callable, *arguments: Any) -> Any:
        """See `Placement.run`."""
        with self.scope():
            return function(*arguments)

    def step(self, learner: Any, train: Callable, x: Any, y: Any, rows: Any) -> dict[str, Any]:
        """See `Placement.step`."""
        is_resident = rows.shape.rank == 1
        size = rows.shape[0] if is_resident else tf.nest.flatten(x)[0].shape[1]
        replicas = learner.replicas = Replicas(len(self.names), size)

        def train_part(x, y):
            # Only the rows of this device are gathered where they are known.
            return train(x, y, rows[replicas.rows]) if is_resident else train(x, y, rows, replicas.rows)

        logs = self._strategy.run(train_part, args=(x, y))
        return {name: self._strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    def read(self, value: Any) -> np.ndarray:
        """See `Placement.read`."""
        return value.numpy()

    def assign(self, variable: Any, array: np.ndarray) -> None:
        """See `Placement.assign`."""
        set_raw(variable, tf.constant(array))


def _create_independent(create: Callable, **options: Any) -> tf.Variable:
    """Creates a variable whose copies are assigned on their own device, without waiting for the others.

    They stay equal nevertheless, because every device assigns the same value.
    """
    # Keras's metrics would be summed whenever they are read.
    return create(
        **options | {"aggregation": tf.VariableAggregation.NONE, "synchronization": tf.VariableSynchronization.AUTO}
    )
