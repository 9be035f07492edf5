"""Arrays that users bring as an NPZ file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.progress import report


def describe(path: str, task: str) -> DataSpec:
    """Returns what the file holds; it is read once, however often this is asked.

    Raises:
        DataError: it is not there, or cannot be trained on.
    """
    return read(path, task).spec


def read(path: str, task: str):
    """Returns the file as `Prepared`, without errors."""
    from trainer.data.uploads.arrays.reader import prepare_arrays
    from trainer.data.uploads.store import resolve

    return prepare_arrays(resolve(path), {"task": task}, progress=lambda done, text: report(text, done)).ready()


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
    return read(path, task).arrays
