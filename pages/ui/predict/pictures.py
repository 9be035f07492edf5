"""Images as a person sees them: enlarged by whole pixels."""

from __future__ import annotations

import math

import numpy as np

from pages.ui.data.pictures import scaled
from trainer.config.data_spec import DataSpec


def enlarged(image: np.ndarray, spec: DataSpec, side: int = 224) -> np.ndarray:
    """Returns one raw image as sharp pixels.

    Args:
        image: (height, width, channels), raw.
        spec: of its data.
        side: about how many pixels the longer side gets.

    Returns:
        uint8 (…, …, 3).
    """
    return enlarged_unit(scaled(image[None], spec.rescale)[0], side)


def enlarged_unit(image: np.ndarray, side: int = 224) -> np.ndarray:
    """Returns the same for an image in [0, 1]."""
    times = max(1, math.ceil(side / max(image.shape[:2])))
    pixels = np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1].repeat(3, axis=-1)
    return pixels.repeat(times, axis=0).repeat(times, axis=1)
