"""One untrusted PNG or JPEG file: opened, checked by its header, then decoded to the form of its data set."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from trainer.data.uploads.limits import Limits

# Pixels are counted here, before anything is decoded. Pillow's own warnings would go to the terminal.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

FORMATS = ("PNG", "JPEG")
Resize = Literal["stretch", "crop", "pad"]
#: Twice the side is four times the work in each step, so larger sides are used only on request.
LONGEST_SIDE = 64
SHORTEST_SIDE = 8
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
_TURNED = (5, 6, 7, 8)
_ORIENTATION = 0x0112
#: Cameras and editors write at most about a dozen scans; those of a preview count as well.
_MOST_SCANS = 50


@dataclass(frozen=True)
class Look:
    """What an image's header says.

    Attributes:
        height, width: in pixels, upright.
        is_grey: whether it has no colour.
    """

    height: int
    width: int
    is_grey: bool


@dataclass(frozen=True)
class Form:
    """The size and colours that all images of a data set get.

    Attributes:
        height, width: in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        resize: how images of other sizes get this size.
    """

    height: int
    width: int
    channels: int
    resize: Resize = "stretch"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image: (height, width, channels)."""
        return self.height, self.width, self.channels


def choose_form(looks: Sequence[Look], options: Mapping) -> Form:
    """Returns the size and colour that the user chose, else those of most images, but not too large."""
    channels = {"grey": 1, "rgb": 3}.get(options["colour"]) or (1 if all(look.is_grey for look in looks) else 3)
    height, width = options["height"] or options["width"], options["width"] or options["height"]
    if not height:
        (height, width), _ = Counter((look.height, look.width) for look in looks).most_common(1)[0]
        shrink = min(1.0, LONGEST_SIDE / max(height, width))
        height, width = (max(SHORTEST_SIDE, round(side * shrink)) for side in (height, width))
    return Form(height, width, channels, options["resize"])


class UnusableError(Exception):
    """An image that cannot be used.

    Args:
        reason: shared by all images with the same problem.
        why: what is wrong with this image.
    """

    def __init__(self, reason: str, why: str):
        super().__init__(why)
        self.reason, self.why = reason, why


def open_image(content: bytes, limits: Limits) -> Image.Image:
    """Opens an image without decoding it.

    Raises:
        UnusableError: it is no PNG or JPEG, or has too many pixels.
    """
    if not content:
        raise UnusableError("it is empty", "it has 0 bytes")
    # Each scan of a JPEG decodes all of it again; the marker cannot occur in the data itself.
    scans = content.count(b"\xff\xda") if content.startswith(b"\xff\xd8") else 0
    if scans > _MOST_SCANS:
        raise UnusableError("it is damaged", f"it claims to have {scans:,} scans")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise too_large(str(error)) from None
    # On untrusted bytes a decoder may raise anything.
    except Exception as error:
        raise damaged(error) from None
    if image.width * image.height > limits.pixels:
        raise too_large(f"it has {image.width:,}×{image.height:,} pixels, and the limit is {limits.pixels:,}")
    return image


def look_at(image: Image.Image) -> Look:
    """Returns what an image's header says."""
    is_turned = False
    if image.format == "JPEG" or "exif" in image.info:
        try:
            is_turned = image.getexif().get(_ORIENTATION) in _TURNED
        except Exception:
            is_turned = False
    size = image.size if is_turned else image.size[::-1]
    return Look(*size, image.mode in _GREY)


def decode(image: Image.Image, form: Form, seen: Counter) -> np.ndarray:
    """Decodes an image to the form of its data set.

    Args:
        image: open, not yet decoded.
        form: of all images.
        seen: counts what was done: "turned", "transparent", "16 bits", "animated", "colour", "proportions", "tiny".

    Returns:
        uint8 (height, width, channels).

    Raises:
        UnusableError: it is damaged or cut off.
    """
    look = look_at(image)
    seen["tiny"] += min(look.height, look.width) < 8
    seen["animated"] += bool(getattr(image, "is_animated", False))
    seen["proportions"] += look.height * form.width != look.width * form.height
    seen["colour"] += form.channels == 1 and not look.is_grey
    try:
        # Decoding a JPEG smaller saves most of the time. Twice the size keeps the quality.
        image.draft(None, (2 * max(form.height, form.width),) * 2)
        image.load()
        image = flatten(upright(image, seen), seen)
        image = image.convert("L" if form.channels == 1 else "RGB")
        if image.size != (form.width, form.height):
            method = {"stretch": Image.Image.resize, "crop": ImageOps.fit, "pad": ImageOps.pad}[form.resize]
            image = method(image, (form.width, form.height), Image.Resampling.BICUBIC)
    except Exception as error:
        raise damaged(error) from None
    return np.asarray(image, np.uint8).reshape(form.shape)


def upright(image: Image.Image, seen: Counter) -> Image.Image:
    """Returns an image turned as its camera recorded."""
    try:
        turned = ImageOps.exif_transpose(image)
    except Exception:
        # The camera's notes are damaged; the picture is not.
        return image
    seen["turned"] += turned.size != image.size or image.getexif().get(_ORIENTATION, 1) != 1
    return turned


def flatten(image: Image.Image, seen: Counter) -> Image.Image:
    """Returns an image of 8 bits a channel, with white where it was transparent."""
    if image.mode.startswith(("I", "F")):
        seen["16 bits"] += 1
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        seen["transparent"] += image.getextrema()[3][0] < 255
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image


def too_large(why: str) -> UnusableError:
    """Returns the error for an image of too many pixels."""
    return UnusableError("it has too many pixels; make it smaller, or raise the limit with TRAINDECK_MAX_PIXELS", why)


def damaged(error: Exception) -> UnusableError:
    """Returns the error for an image that cannot be decoded."""
    text = " ".join(str(error).split())
    # Pillow's message names a buffer in memory, which helps nobody.
    if "cannot identify image file" in text or not text:
        text = "it is no PNG or JPEG inside"
    return UnusableError("it is damaged", text[:120])
