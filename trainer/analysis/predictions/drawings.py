"""A drawing by hand as a model takes it: cropped to its ink, scaled and centred like the training images."""

from __future__ import annotations

import base64
import binascii

import numpy as np
from PIL import Image

from trainer.analysis.predictions.examples import Examples
from trainer.analysis.predictions.pictures import form_of, scale_pixels
from trainer.config.data_spec import DataSpec
from trainer.errors import DataError

#: The side of what the browser sends, in pixels.
SIDE = 140
#: Darker pixels are taken for empty.
_FAINTEST = 24
#: Ink is placed on a grid so many times finer than the model's pixels.
_FINER = 8


#: How much of an image its ink takes: MNIST's digits lie in 20 of 28 pixels, others touch their borders.
MNIST_PART = 20 / 28
_PARTS = {"digits": 1.0, "fashion_mnist": 1.0}


def decode_drawing(text: object) -> np.ndarray:
    """Returns a drawing from what a browser sent.

    Args:
        text: base64 of SIDE × SIDE bytes, row by row: 0 is empty, 255 ink.

    Returns:
        uint8 (SIDE, SIDE).

    Raises:
        DataError: it is something else.
    """
    wrong = DataError(f"A drawing must be {SIDE}×{SIDE} bytes in base64. Clear it and draw again.")
    if not isinstance(text, str) or len(text) != 4 * -(-SIDE * SIDE // 3):
        raise wrong
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    if len(content) != SIDE * SIDE:
        raise wrong
    return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE)


def is_empty(ink: np.ndarray) -> bool:
    """Whether nothing was drawn."""
    return not (ink > _FAINTEST).any()


def take_drawing(ink: np.ndarray, spec: DataSpec, dataset: str = "", *, is_centred: bool = True) -> Examples:
    """Returns a drawing as one image, light on dark.

    Args:
        ink: uint8 (height, width), 255 where there is ink.
        spec: of the run's data.
        dataset: its name in the catalog, which tells how much of an image the ink fills.
        is_centred: crop to the ink and centre it, as MNIST does; else the whole drawing is made smaller.

    Raises:
        DataError: it is empty, or the model takes no images.
    """
    form = form_of(spec, "stretch", "The drawing")
    if is_empty(ink):
        raise DataError("The drawing is empty. Draw something with the mouse or a finger.")
    size = (form.height, form.width)
    grey = centre_ink(ink, size, _PARTS.get(dataset, MNIST_PART)) if is_centred else _resize(ink, size)
    pixels = np.repeat(grey[..., None], form.channels, axis=-1)
    return Examples(scale_pixels(pixels[None], spec))


def centre_ink(ink: np.ndarray, size: tuple[int, int], part: float) -> np.ndarray:
    """Returns the ink scaled into a box of its proportions and centred by its centre of mass.

    This is how MNIST was made: "size normalized to fit in a 20x20 pixel box while preserving their aspect ratio",
    then "centered in a 28x28 image by computing the center of mass" (LeCun, Cortes & Burges,
    http://yann.lecun.com/exdb/mnist; LeCun et al. 1998, §III.A).

    Args:
        ink: uint8 (height, width), not empty.
        size: height and width of the result.
        part: of the result's sides that the box takes, in (0, 1].

    Returns:
        uint8 of `size`.
    """
    rows, columns = np.nonzero(ink > _FAINTEST)
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    sides = np.array(size) * _FINER
    factor = (sides * part / cut.shape).min()
    scaled = _resize(cut, tuple(int(max(1, round(side * factor))) for side in cut.shape)).astype(np.float32)
    fine = np.zeros(sides, np.float32)
    corner = []
    for axis, (side, length) in enumerate(zip(scaled.shape, sides, strict=True)):
        mass = (scaled.sum(axis=1 - axis) * (np.arange(side) + 0.5)).sum() / scaled.sum()
        # Ink that fills the image stays inside it.
        corner.append(int(np.clip(round(length / 2 - mass), 0, length - side)))
    top, left = corner
    fine[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    # Each pixel is the mean of what it covers.
    whole = fine.reshape(size[0], _FINER, size[1], _FINER).mean(axis=(1, 3))
    # The strongest stroke is ink at its full strength, however thin it has become.
    return np.round(whole * (255.0 / max(float(whole.max()), 1.0))).clip(0, 255).astype(np.uint8)


def _resize(ink: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns an image of another size, each pixel the mean of what it covers."""
    return np.asarray(Image.fromarray(ink).resize(size[::-1], Image.Resampling.BOX), np.uint8)
