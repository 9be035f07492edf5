"""The TensorFlow variables behind those of Keras, and their copies where several devices train."""

from __future__ import annotations

import tensorflow as tf


def free(variables: list) -> None:
    """Frees the memory of variables; they are empty until they are assigned."""
    for variable in variables:
        set_raw(variable, tf.zeros([0], variable.dtype))


def set_raw(variable, value: tf.Tensor) -> None:
    """Sets a variable on every device that has a copy, whatever its shape was before."""
    for copy in copies(variable):
        tf.raw_ops.AssignVariableOp(resource=copy.handle, value=value, validate_shape=False)


def raw(variable) -> tf.Variable:
    """Returns the TensorFlow variable behind a Keras variable, or the variable itself."""
    return getattr(variable, "value", variable) if not isinstance(variable, tf.Variable) else variable


def copies(variable) -> tuple[tf.Variable, ...]:
    """Returns the copies of a variable, one per device that trains; within a replica's step only its own.

    A variable of one device is its only copy.
    """
    value = raw(variable)
    if not isinstance(value, tf.distribute.DistributedValues):
        return (value,)
    replica = replica_number()
    return value.values if replica is None else (value.values[replica],)


def replica_number() -> int | None:
    """Returns which replica's step is being traced, from 0; None outside of such a step, and on one device."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return int(tf.get_static_value(context.replica_id_in_sync_group))
