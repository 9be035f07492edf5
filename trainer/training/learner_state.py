"""The complete state of a learner as arrays, its digest, and restoring it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from trainer.errors import CheckpointError
from trainer.training.engine.placement import OneDevice, Placement


def state_arrays(snapshot: Mapping[str, list]) -> dict[str, np.ndarray]:
    """Returns a learner's snapshot as arrays keyed "model/0000", in a fixed order."""
    return {
        f"{part}/{index:04d}": np.asarray(value)
        for part, values in sorted(snapshot.items())
        for index, value in enumerate(values)
    }


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """Returns the SHA-256 over keys, dtypes, shapes and bytes, in the order of the keys."""
    total = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key])
        total.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def restore(learner, arrays: Mapping[str, np.ndarray], placement: Placement | None = None) -> None:
    """Puts a complete state into a learner.

    If a metric has other variables than in the checkpoint, the epoch's means start again.

    Args:
        learner: of the same configuration.
        arrays: as `state_arrays` gives them.
        placement: where its variables live; None: the device in force.

    Raises:
        CheckpointError: number, shape or dtype of the variables differ.
    """
    from trainer.catalog.variables import raw

    variables = {f"{p}/{i:04d}": raw(v) for p, vs in learner.variables().items() for i, v in enumerate(vs)}
    if not have_equal_metrics(variables, arrays):
        variables = {key: variable for key, variable in variables.items() if not key.startswith("metrics/")}
        arrays = {key: array for key, array in arrays.items() if not key.startswith("metrics/")}
    if variables.keys() != arrays.keys():
        raise CheckpointError(
            f"The checkpoint holds {len(arrays)} variables and this model has {len(variables)}. "
            "It belongs to another configuration or version."
        )
    for key, variable in variables.items():
        array = arrays[key]
        if tuple(variable.shape) != array.shape or variable.dtype.as_numpy_dtype != array.dtype:
            raise CheckpointError(
                f"Variable {key} is {variable.dtype.name} {tuple(variable.shape)} in this model and "
                f"{array.dtype} {array.shape} in the checkpoint. It belongs to another configuration or version."
            )
    placement = placement or OneDevice()
    for key, variable in variables.items():
        placement.assign(variable, arrays[key])


def have_equal_metrics(variables: Mapping, arrays: Mapping[str, np.ndarray]) -> bool:
    """Returns whether a learner's metrics have as many variables, of the same shapes, as a checkpoint."""

    def shapes(values: Mapping) -> dict[str, tuple]:
        return {key: tuple(value.shape) for key, value in values.items() if key.startswith("metrics/")}

    return shapes(variables) == shapes(arrays)
