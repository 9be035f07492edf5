"""Points near a straight line, y = 2x + 1."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays


def describe(size: int, noise: float) -> DataSpec:
    """Returns the spec of the data with these options.

    Nothing is scaled, so that a linear model's kernel and bias read slope and intercept.
    """
    return DataSpec(
        task="regression",
        input_shape=(1,),
        examples=size,
        feature_names=("x",),
        source="generated from the seed",
        licence="none needed",
        url="https://en.wikipedia.org/wiki/Simple_linear_regression",
    )


@DATASETS.register(
    label="Straight line",
    help="Points near y = 2x + 1. Watch a model find slope 2 and intercept 1.",
    spec=describe,
    order=8,
)
def linear(
    seed,
    *,
    size: Annotated[int, Field(ge=10, le=1_000_000, description="The number of points.")] = 1000,
    noise: Annotated[
        float, Field(ge=0, le=1000, description="The standard deviation of the points around the line. 0: none.")
    ] = 0.1,
):
    """Returns x: float32 (size, 1) from N(0, 1); y: 2x + 1 + noise·N(0, 1)."""
    random = np.random.Generator(np.random.Philox(seed))
    x = random.standard_normal((size, 1))
    y = 2 * x[:, 0] + 1 + noise * random.standard_normal(size)
    return Arrays(x.astype(np.float32), y.astype(np.float32))
