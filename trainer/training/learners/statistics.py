"""Statistics that a model keeps of its batches, such as those of batch norm, where several devices train."""

from __future__ import annotations

import keras
import tensorflow as tf

from trainer.catalog.variables import raw


class Statistics:
    """Variables that a step changes without a gradient. Each device sees its own part of the batch.

    After a step each device has the mean of all devices' values. It is taken of the changes, so that a value that
    nobody has changed keeps its bits.

    Args:
        variables: float; none on one device, where nothing has to be averaged.
    """

    def __init__(self, variables: tuple[tf.Variable, ...] = ()):
        self._variables = variables

    @classmethod
    def of(cls, model: keras.Model | tf.Module) -> Statistics:
        """Returns those of a model; frozen layers change nothing."""
        if isinstance(model, keras.Model):
            layers = [layer for layer in model._flatten_layers() if layer.trainable]
            found = [raw(variable) for layer in layers for variable in layer._non_trainable_variables]
        else:
            found = [variable for variable in model.variables if not variable.trainable]
        return cls(tuple(variable for variable in found if variable.dtype.is_floating))

    def read(self) -> list[tf.Tensor]:
        """Returns the values before the step."""
        return [variable.read_value() for variable in self._variables]

    def changes(self, before: list[tf.Tensor]) -> list[tf.Tensor]:
        """Returns by how much this device has changed each value."""
        return [variable.read_value() - value for variable, value in zip(self._variables, before, strict=True)]

    def apply(self, before: list[tf.Tensor], changes: list[tf.Tensor]) -> None:
        """Sets the values to those before, plus the mean change of all devices."""
        for variable, value, change in zip(self._variables, before, changes, strict=True):
            variable.assign(value + change)
