"""Spirals that wind around each other (after Lang & Witbrock 1988, the two-spirals problem)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays


def describe(size: int, noise: float, classes: int) -> DataSpec:
    """Returns the spec of the data with these options."""
    return DataSpec(
        task="classification",
        input_shape=(2,),
        examples=size,
        num_classes=classes,
        class_names=tuple(f"spiral {number}" for number in range(1, classes + 1)),
        feature_names=("x", "y"),
        source="generated from the seed",
        licence="none needed",
        url="https://en.wikipedia.org/wiki/Archimedean_spiral",
    )


@DATASETS.register(
    label="Spirals",
    help="Points on interleaving spirals: a hard problem for small networks.",
    spec=describe,
    order=6,
)
def spirals(
    seed,
    *,
    size: Annotated[int, Field(ge=20, le=1_000_000, description="The number of points.")] = 1000,
    noise: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="The standard deviation of the points around their spiral. 0.03 is easy, 0.2 very hard.",
        ),
    ] = 0.03,
    classes: Annotated[int, Field(ge=2, le=5, description="The number of spirals.")] = 2,
):
    """Returns x: float32 (size, 2), about [-1, 1]; y: the spiral.

    Each spiral makes one turn from the centre to radius 1. `noise` is the standard deviation of a
    normal shift of both coordinates.
    """
    random = np.random.Generator(np.random.Philox(seed))
    y = np.arange(size) % classes
    radius = np.sqrt(random.uniform(size=size))
    angle = 2 * np.pi * (radius + y / classes)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Arrays((x + noise * random.standard_normal((size, 2))).astype(np.float32), y)
