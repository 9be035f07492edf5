"""Arranges small images in a grid."""

from __future__ import annotations

import numpy as np

#: Pixels between two images, and the smallest side of an image; smaller images are enlarged.
GAP = 2
LEAST_SIDE = 32


def image_grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Returns the images as a grid on white, row by row.

    Args:
        images: float (count, height, width, channels), clipped to [0, 1].
        columns: images per row; the count must be a multiple of it.

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
