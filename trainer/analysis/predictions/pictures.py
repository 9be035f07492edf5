"""An image file as a model takes it: decoded, resized and converted as an uploaded zip of images is."""

from __future__ import annotations

from collections import Counter

import numpy as np

from trainer.analysis.predictions.examples import Examples
from trainer.config.data_spec import DataSpec
from trainer.data.uploads.images.pictures import Form, Resize, UnusableError, decode, look_at, open_image
from trainer.data.uploads.limits import Limits
from trainer.errors import DataError

_DONE = {
    "turned": "turned upright, as its camera says",
    "transparent": "given a white background where it was transparent",
    "16 bits": "made 8 bits a pixel",
    "animated": "reduced to its first picture",
}
_HOW = {"stretch": "resized", "crop": "cropped and resized", "pad": "resized and padded with black"}


def read_image(
    content: bytes, name: str, spec: DataSpec, resize: Resize = "stretch", *, is_inverted: bool = False
) -> Examples:
    """Returns one image, with a note that says what was changed.

    Args:
        content: of a PNG or JPEG file.
        name: of the file, for messages.
        spec: of the run's data.
        resize: how an image of other proportions gets the model's size.
        is_inverted: whether light and dark are swapped.

    Raises:
        DataError: the model takes no images, or this is no image, is damaged or has too many pixels.
    """
    form = form_of(spec, resize, name)
    seen: Counter = Counter()
    try:
        image = open_image(content, Limits.from_environment())
        look, mode = look_at(image), image.mode
        pixels = decode(image, form, seen)
    except UnusableError as error:
        raise DataError(f"{name} cannot be used: {error}. {_remedy(error)}") from None
    done = []
    if (look.height, look.width) != (form.height, form.width):
        done.append(f"{_HOW[resize]} from {look.width:,}×{look.height:,} to {form.width}×{form.height} pixels")
    if form.channels == 1 and not look.is_grey:
        done.append("converted to grey")
    elif form.channels == 3 and mode not in ("RGB", "RGBA", "P"):
        done.append(f"converted from {'grey' if look.is_grey else mode} to RGB")
    done += [words for key, words in _DONE.items() if seen[key]]
    if is_inverted:
        pixels = 255 - pixels
        done.append("inverted")
    notes = [f"The image was {_joined(done)}."] if done else []
    return Examples(scale_pixels(pixels[None], spec), tuple(notes))


def form_of(spec: DataSpec, resize: Resize, name: str = "The image") -> Form:
    """Returns the size and colours that the model takes.

    Raises:
        DataError: it takes no images of 1 or 3 channels.
    """
    if not spec.is_image:
        raise DataError(
            f"{name} is an image, and this model takes examples of shape {spec.input_shape}. Give a table or an array."
        )
    if spec.input_shape[-1] not in (1, 3):
        raise DataError(
            f"{name} is an image, and this model takes {spec.input_shape[-1]} channels. Give an array of shape "
            f"{spec.input_shape} as NPZ."
        )
    return Form(*spec.input_shape, resize)


def scale_pixels(pixels: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns pixels in the range of the data set.

    Args:
        pixels: uint8, in [0, 255].
        spec: of the data, whose `rescale` tells its largest value: 16 for the digits.

    Returns:
        float32 of the same shape.
    """
    top = 1 / spec.rescale if spec.rescale else _guessed_top(spec)
    return pixels.astype(np.float32) if abs(top - 255) < 1e-6 else pixels * np.float32(top / 255)


def _guessed_top(spec: DataSpec) -> float:
    """Returns the largest value of pixels whose scale was not stored: they go to 1 or to 255."""
    spread = [mean + 3 * variance**0.5 for mean, variance in zip(spec.mean, spec.variance, strict=True)]
    return 255.0 if max(spread, default=0) > 2 else 1.0


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _remedy(error: UnusableError) -> str:
    if "pixels" in error.reason:
        return "Make it smaller, or raise the limit with TRAINDECK_MAX_PIXELS."
    return "Save it again as PNG or JPEG."
