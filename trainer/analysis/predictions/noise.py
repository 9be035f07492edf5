"""Noise for a GAN's generator, and the way between two points of it."""

from __future__ import annotations

import numpy as np


def draw_noise(seed: int, count: int, latent: int) -> np.ndarray:
    """Returns standard normal noise, float32 (count, latent), that follows from the seed."""
    return np.random.Generator(np.random.Philox(seed)).standard_normal((count, latent)).astype(np.float32)


def interpolate(start: np.ndarray, end: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Returns points on the great circle between two noise vectors (White 2016, arXiv:1609.04468, §2).

    A straight line would pass near zero, where noise of many dimensions hardly ever lies.

    Args:
        start, end: float32 (latent,).
        fractions: of the way, in [0, 1], (n,).

    Returns:
        float32 (n, latent).
    """
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    cosine = float(start @ end) / max(lengths[0] * lengths[1], 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    t = np.asarray(fractions, np.float64)[:, None]
    if angle < 1e-4 or np.pi - angle < 1e-4:
        return (start + t * (end - start)).astype(np.float32)
    way = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return way.astype(np.float32)
