"""An uploaded table: a CSV or Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

if TYPE_CHECKING:
    from trainer.data.uploads import Loaded

_NOTHING: list[str] = []
_DECIDED: dict[str, Any] = {}


def read(*, path: str, **options: Any) -> Loaded:
    """Returns the examples of a file; it is read again only if it changed.

    Raises:
        ConfigError: an option does not fit the file.
        DataError: the file does not exist, cannot be read, or cannot be trained on.
    """
    from trainer.data.uploads import load, resolve

    return load(resolve(path), "csv", options)


def describe(**options: Any) -> DataSpec:
    """Returns what these options make of the file."""
    return read(**options).spec


@DATASETS.register(
    label="CSV or Parquet file",
    help="A table of your own: predict one column from the others.",
    spec=describe,
    order=60,
)
def csv(
    seed,
    *,
    path: Annotated[str, Field(description="The file on this machine, or upload:… for one on the Data page.")] = "",
    target: Annotated[
        str | list[str], Field(description="The column to predict, or several of 0 and 1; empty: a guess.")
    ] = "",
    task: Annotated[
        Literal["auto", "classification", "regression", "multilabel"],
        Field(description="What the target is: classes, a number, or several labels; auto: a guess."),
    ] = "auto",
    leave_out: Annotated[
        list[str], Field(title="Leave out", description="Columns that the model must not see.")
    ] = _NOTHING,
    number_formats: Annotated[
        dict[str, Literal["1234.5", "1234,5", "1,234.5", "1.234,5", "1 234.5", "1 234,5", "1'234.5", "text"]],
        Field(
            title="Number formats",
            description='How columns write their numbers, such as {"price": "1,234.5"}; "text": not as numbers. '
            "Columns that are not named are decided from all their values.",
        ),
    ] = _DECIDED,
    missing_numbers: Annotated[
        Literal["median", "mean", "drop"],
        Field(
            title="Missing numbers",
            description="What a missing number is taken for: the training rows' median or mean; drop: its row is "
            "not used.",
        ),
    ] = "median",
    missing_categories: Annotated[
        Literal["missing", "most_frequent", "drop"],
        Field(
            title="Missing categories",
            description="What a missing category is taken for: a value of its own, or the most frequent one; drop: "
            "its row is not used.",
        ),
    ] = "missing",
) -> Arrays:
    """Returns x: float32 (rows, columns), raw, see `Column`; y: places among the classes, numbers, or labels."""
    return read(
        path=path,
        target=target,
        task=task,
        leave_out=leave_out,
        number_formats=number_formats,
        missing_numbers=missing_numbers,
        missing_categories=missing_categories,
    ).arrays
