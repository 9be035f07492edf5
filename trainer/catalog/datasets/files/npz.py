"""Uploaded arrays: an NPZ file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS

if TYPE_CHECKING:
    from trainer.data.uploads import Loaded


def read(*, path: str, **options: Any) -> Loaded:
    """Returns the file's spec and arrays; it is read once for each choice of options.

    Raises:
        DataError: it does not exist, or cannot be trained on.
    """
    from trainer.data.uploads import load, resolve

    return load(resolve(path), "npz", options)


def describe(**options: Any) -> DataSpec:
    """Returns what the file holds."""
    return read(**options).spec


@DATASETS.register(
    label="NPZ or NPY file",
    help="Your own arrays: inputs and targets, as numpy.savez stores them.",
    spec=describe,
    order=101,
)
def npz(
    seed,
    *,
    path: Annotated[
        str, Field(description="The file, with arrays named x and y, or x_train, y_train, x_test and y_test.")
    ] = "",
    task: Annotated[
        Literal["auto", "classification", "regression", "multilabel"],
        Field(description="What the targets are. auto: whole numbers and text are classes, others a number."),
    ] = "auto",
):
    """Returns the arrays of the file: x: uint8 or float32 (examples, …), raw; y: as the task has it."""
    return read(path=path, task=task).arrays
