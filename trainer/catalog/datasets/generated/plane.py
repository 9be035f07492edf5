"""Points near the plane y = x1 + x2."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays


def describe(size: int, noise: float) -> DataSpec:
    """Returns the spec of the data with these options. Nothing is scaled, so that weights are the plane's slopes."""
    return DataSpec(
        task="regression",
        input_shape=(2,),
        examples=size,
        feature_names=("x1", "x2"),
        source="generated from the seed",
        licence="none needed",
        url="https://en.wikipedia.org/wiki/Linear_regression",
    )


@DATASETS.register(
    label="Plane",
    help="Points near y = x1 + x2. Watch a model learn to add.",
    spec=describe,
    order=8,
)
def plane(
    seed,
    *,
    size: Annotated[int, Field(ge=2, le=1_000_000, description="The number of points.")] = 1000,
    noise: Annotated[
        float, Field(ge=0, le=1000, description="The standard deviation of the points around the plane. 0: none.")
    ] = 0.1,
):
    """Returns x: float32 (size, 2) from N(0, 1); y: x1 + x2 + noise·N(0, 1)."""
    random = np.random.Generator(np.random.Philox(seed))
    x = random.standard_normal((size, 2))
    y = x.sum(axis=1) + noise * random.standard_normal(size)
    return Arrays(x.astype(np.float32), y.astype(np.float32))
