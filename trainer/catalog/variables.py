"""The TensorFlow variables behind those of Keras."""

from __future__ import annotations

import tensorflow as tf


def free(variables: list) -> None:
    """Frees the memory of variables; they are empty until they are assigned."""
    for variable in map(raw, variables):
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=tf.zeros([0], variable.dtype), validate_shape=False)


def raw(variable) -> tf.Variable:
    """Returns the TensorFlow variable behind a Keras variable, or the variable itself."""
    return getattr(variable, "value", variable) if not isinstance(variable, tf.Variable) else variable
