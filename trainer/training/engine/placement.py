"""Where variables live and steps run: one device here, several in `all_devices`.

The loop, the session and restore use only this interface.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from trainer.config.recipe import ALL_DEVICES
from trainer.training.engine.devices import all_names, list_devices
from trainer.training.engine.start_up import load_engine


class Placement(Protocol):
    """The operations on one or several devices that the loop, the session and restore use.

    Attributes:
        name: of the device, or of all of them; None: the current device.
    """

    name: str | None

    def accept(self, learner: Any) -> None:
        """Checks that a learner can be trained here, before anything is compiled.

        Raises:
            ConfigError: it cannot.
        """

    def scope(self) -> contextlib.AbstractContextManager:
        """Returns a context in which models and their variables are created."""

    def put(self, array: np.ndarray) -> Any:
        """Returns an array where the steps can read it."""

    def run(self, function: Callable, *arguments: Any) -> Any:
        """Calls a compiled function."""

    def step(self, learner: Any, train: Callable, x: Any, y: Any, rows: Any) -> dict[str, Any]:
        """Makes a learner's step; runs inside a compiled function.

        Args:
            learner: whose step it is.
            train: function (x, y, rows) that gathers the batch and returns the step's logs. As a fourth argument it
                takes the part of the batch to use, a slice.
            x, y: as in `Superbatch`.
            rows: the batch's indices, int32 (batch,), or its number, a scalar.
        """

    def read(self, value: Any) -> np.ndarray:
        """Waits for a result and returns it."""

    def assign(self, variable: Any, array: np.ndarray) -> None:
        """Sets a variable, whatever its shape was before."""


def placement_of(device: str) -> Placement:
    """Returns where a run trains: on its device, or on all devices of this machine. Loads TensorFlow for "all".

    Args:
        device: as in the configuration. "all" is the only device where there is one.
    """
    if device != ALL_DEVICES:
        return OneDevice(device)
    load_engine()
    names = all_names(list_devices())
    if len(names) == 1:
        return OneDevice(names[0])
    from trainer.training.engine.all_devices import AllDevices

    return AllDevices(names)


def describe_alone(device: str, placement: Placement) -> str | None:
    """Returns as a sentence that a run for all devices has found one only, or None."""
    if device != ALL_DEVICES or not isinstance(placement, OneDevice):
        return None
    return f"This machine has one device to train on, so the run trains on {placement.name}."


class OneDevice:
    """A single processor or GPU.

    Args:
        name: such as "CPU:0"; None: the current device.
    """

    def __init__(self, name: str | None = None):
        self.name = name

    def accept(self, learner: Any) -> None:
        """See `Placement.accept`. Any learner can."""

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

    def step(self, learner: Any, train: Callable, x: Any, y: Any, rows: Any) -> dict[str, Any]:
        """See `Placement.step`."""
        return train(x, y, rows)

    def read(self, value: Any) -> np.ndarray:
        """See `Placement.read`."""
        return value.numpy()

    def assign(self, variable: Any, array: np.ndarray) -> None:
        """See `Placement.assign`."""
        import tensorflow as tf

        from trainer.catalog.variables import set_raw

        # `release` empties variables, so their shape is not checked.
        set_raw(variable, tf.constant(array))
