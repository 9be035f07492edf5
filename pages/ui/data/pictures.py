"""Images of a data set, as they are and as training sees them."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from pages.ui.text import escape_markdown
from trainer import Dataset

#: The side of a thumbnail in pixels: smaller images are enlarged by whole numbers, larger ones thinned out.
_SIDE = 64
_GAP = 4
_IN_A_ROW = 8
_CLASSES_SHOWN = 10


def picture_rows(dataset: Dataset) -> None:
    """Draws some training images, one row per class where there are few classes."""
    spec, train = dataset.spec, dataset.train
    names = spec.class_labels
    if spec.task != "classification" or len(names) > _CLASSES_SHOWN:
        chosen = _pick(np.arange(len(train)), 5 * _IN_A_ROW)
        st.image(strip(scaled(train.x[chosen], spec.rescale), _IN_A_ROW), width="stretch")
        return
    for code, name in enumerate(names):
        rows = np.flatnonzero(train.y == code)
        left, right = st.columns([1, 6], vertical_alignment="center", gap="small")
        left.caption(escape_markdown(name))
        if len(rows):
            chosen = _pick(rows, _IN_A_ROW)
            # Filled up, so that a class of few images is drawn as large as the others.
            row = scaled(train.x[chosen], spec.rescale)
            right.image(strip(row, _IN_A_ROW), width="stretch")
        else:
            right.caption("none in training")


def scaled(images: np.ndarray, rescale: float | None) -> np.ndarray:
    """Returns raw images as float32 in [0, 1]; by their own range where nobody knows the scale."""
    images = np.asarray(images, np.float32)
    if rescale:
        return np.clip(images * rescale, 0, 1)
    low, high = images.min(), images.max()
    return (images - low) / (high - low or 1)


def strip(images: np.ndarray, columns: int) -> np.ndarray:
    """Returns images in rows on a transparent ground.

    Args:
        images: float (count, height, width, channels) in [0, 1].
        columns: images in a row; the last row is filled up with nothing.

    Returns:
        uint8 (height, width, 4).
    """
    small, large = math.ceil(max(images.shape[1:3]) / (1.5 * _SIDE)), max(1, _SIDE // max(images.shape[1:3]))
    pixels = np.round(255 * images[:, ::small, ::small]).astype(np.uint8)
    pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1].repeat(3, axis=-1)
    pixels = np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=-1)
    pixels = pixels.repeat(large, axis=1).repeat(large, axis=2)
    pixels = np.pad(pixels, ((0, -len(pixels) % columns), (0, _GAP), (0, _GAP), (0, 0)))
    _, height, width, _ = pixels.shape
    rows = pixels.reshape(-1, columns, height, width, 4).swapaxes(1, 2)
    return rows.reshape(-1, columns * width, 4)[:-_GAP, :-_GAP]


def _pick(rows: np.ndarray, most: int) -> np.ndarray:
    """Returns at most so many of some rows, the same at each look, in order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
