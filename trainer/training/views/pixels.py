"""Images small enough for a folder of frames."""

from __future__ import annotations

import numpy as np

#: Pixels of the longer side, at most; larger images are thinned out.
MOST_SIDE = 64


def to_pixels(images: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Returns images as uint8 (n, height, width, 1 or 3), thinned out where they are large.

    Args:
        images: float (n, height, width, channels).
        low, high: what becomes black and white.
    """
    step = -(-max(images.shape[1:3]) // MOST_SIDE)
    small = np.asarray(images[:, ::step, ::step], np.float32)
    small = small[..., :3] if small.shape[-1] >= 3 else small[..., :1]
    scaled = (np.nan_to_num(small) - low) / ((high - low) or 1.0)
    return np.round(255 * np.clip(scaled, 0, 1)).astype(np.uint8)


def raw_range(images: np.ndarray, rescale: float | None) -> tuple[float, float]:
    """Returns which raw values are black and white: known limits, or the images' own range."""
    return (0.0, 1 / rescale) if rescale else (float(images.min()), float(images.max()))
