"""Noisy waves of four shapes: sine, square, sawtooth and triangle."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

WAVES = ("sine", "square", "sawtooth", "triangle")


def describe(size: int, steps: int, noise: float) -> DataSpec:
    """Returns the spec of the data with these options."""
    return DataSpec(
        task="classification",
        input_shape=(steps, 1),
        examples=size,
        num_classes=len(WAVES),
        class_names=WAVES,
        source="generated from the seed",
        licence="none needed",
        url="https://en.wikipedia.org/wiki/Waveform",
    )


@DATASETS.register(
    label="Waves",
    help="Classify noisy waves as sine, square, sawtooth or triangle, at random frequency and phase.",
    spec=describe,
    order=9,
)
def sequences(
    seed,
    *,
    size: Annotated[int, Field(ge=40, le=200_000, description="The number of sequences.")] = 1000,
    steps: Annotated[int, Field(ge=8, le=1000, description="The length of each sequence.")] = 32,
    noise: Annotated[
        float, Field(ge=0, le=5, description="The standard deviation of the noise. 0.1 is easy, 1 nearly impossible.")
    ] = 0.1,
):
    """Returns x: float32 (size, steps, 1), about [-1, 1]; y: the wave.

    Each sequence shows one to three periods from a random phase on, with an amplitude from 0.5 to 1.
    """
    random = np.random.Generator(np.random.Philox(seed))
    y = np.arange(size) % len(WAVES)
    periods, phase = random.uniform(1, 3, (size, 1)), random.uniform(size=(size, 1))
    # The phase of each value, in [0, 1).
    place = (periods * np.arange(steps) / steps + phase) % 1
    waves = np.stack(
        [np.sin(2 * np.pi * place), np.where(place < 0.5, 1.0, -1.0), 2 * place - 1, 1 - 4 * np.abs(place - 0.5)]
    )
    x = random.uniform(0.5, 1, (size, 1)) * waves[y, np.arange(size)]
    x = x + noise * random.standard_normal((size, steps))
    return Arrays(x[..., None].astype(np.float32), y)
