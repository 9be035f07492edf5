"""Where variables live and steps run: one device today. The loop and restore use only this interface."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Placement(Protocol):
    """The operations on one or several devices that the loop, the session and restore use."""

    def scope(self) -> contextlib.AbstractContextManager:
        """Returns a context in which models and their variables are created."""

    def put(self, array: np.ndarray) -> Any:
        """Returns an array where the steps can read it."""

    def run(self, function: Callable, *arguments: Any) -> Any:
        """Calls a compiled function."""

    def read(self, value: Any) -> np.ndarray:
        """Waits for a result and returns it."""

    def assign(self, variable: Any, array: np.ndarray) -> None:
        """Sets a variable, whatever its shape was before."""


class OneDevice:
    """A single processor or GPU.

    Args:
        name: such as "CPU:0"; None: the current device.
    """

    def __init__(self, name: str | None = None):
        self.name = name

    def scope(self) -> contextlib.AbstractContextManager:
        """See `Placement.scope`."""
        import tensorflow as tf

        return tf.device(self.name) if self.name else contextlib.nullcontext()

    def put(self, array: np.ndarray) -> Any:
        """See `Placement.put`."""
        import tensorflow as tf

        return tf.constant(array)

    def run(self, function: Callable, *arguments: Any) -> Any:
        """See `Placement.run`."""
        return function(*arguments)

    def read(self, value: Any) -> np.ndarray:
        """See `Placement.read`."""
        return value.numpy()

    def assign(self, variable: Any, array: np.ndarray) -> None:
        """See `Placement.assign`."""
        import tensorflow as tf

        # `release` empties variables, so their shape is not checked.
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=tf.constant(array), validate_shape=False)
