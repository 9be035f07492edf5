"""Many small images as one, for people to look at."""

from __future__ import annotations

import numpy as np

#: Between two images, in pixels, and the least side of an image; smaller ones are enlarged.
GAP = 2
LEAST_SIDE = 32


def image_grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Returns the images in rows, one after the other, on white.

    Args:
        images: float (count, height, width, channels), in [0, 1]; what lies outside is cut off.
        columns: images in a row; the count must be a multiple of it.

    Returns:
        uint8 (height, width) of grey images, or (height, width, 3) of colour images.
    """
    pixels = np.round(255 * np.clip(np.nan_to_num(np.asarray(images, np.float32)), 0, 1)).astype(np.uint8)
    pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1]
    times = max(1, LEAST_SIDE // max(pixels.shape[1:3]))
    pixels = pixels.repeat(times, axis=1).repeat(times, axis=2)
    pixels = np.pad(pixels, ((0, 0), (GAP, 0), (GAP, 0), (0, 0)), constant_values=255)
    _, height, width, channels = pixels.shape
    rows = pixels.reshape(-1, columns, height, width, channels).swapaxes(1, 2)
    grid = rows.reshape(-1, columns * width, channels)
    grid = np.pad(grid, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)
    return grid if channels == 3 else grid[..., 0]
