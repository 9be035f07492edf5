"""Two interleaving half circles, made by scikit-learn's `make_moons`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays


def describe(size: int, noise: float) -> DataSpec:
    """Returns what these options make."""
    return DataSpec(
        task="classification",
        input_shape=(2,),
        examples=size,
        num_classes=2,
        class_names=("upper moon", "lower moon"),
        feature_names=("x", "y"),
        source="made from the seed by scikit-learn",
        licence="none needed",
        url="https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_moons.html",
    )


@DATASETS.register(
    label="Moons", help="Two half moons that interlock: no straight line can tell them apart.", spec=describe, order=7
)
def moons(
    seed,
    *,
    size: Annotated[int, Field(ge=20, le=1_000_000, description="How many points to make.")] = 1000,
    noise: Annotated[
        float, Field(ge=0, le=1, description="How far points stray from their moon; 0.1 is easy, 0.5 hopeless.")
    ] = 0.1,
):
    """Returns x: float32 (size, 2), about [-1, 2]; y: 0 upper moon, 1 lower moon."""
    from sklearn.datasets import make_moons

    x, y = make_moons(size, noise=noise or None, random_state=seed)
    return Arrays(x.astype("float32"), y)
