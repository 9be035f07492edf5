"""What one example of an array is: an image, a row of numbers, or a sequence; and how its values are scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainer.data.uploads.arrays.file import Header, shown_shape
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.report import Finding, note
from trainer.errors import DataError

_SMALLEST_IMAGE = 8
_NUMBERS = "biuf"


@dataclass(frozen=True)
class Layout:
    """How an array becomes examples.

    Attributes:
        kind: of one example.
        shape: of one example: (height, width, channels), (features,) or (steps, features).
        is_channels_first: whether the array has the channels before height and width.
        findings: what was guessed.
    """

    kind: Literal["image", "vector", "sequence"]
    shape: tuple[int, ...]
    is_channels_first: bool = False
    findings: tuple[Finding, ...] = ()

    def arrange(self, block: np.ndarray) -> np.ndarray:
        """Returns rows of the array as examples, (n, *shape)."""
        if self.is_channels_first:
            block = block.transpose(0, 2, 3, 1)
        return block.reshape(len(block), *self.shape)


def check_inputs(header: Header, limits: Limits) -> None:
    """Raises DataError where an array's header shows that it cannot be inputs."""
    dtype, place = header.dtype, header.place
    if dtype.hasobject or dtype.names or dtype.subdtype or dtype.kind not in _NUMBERS:
        remedy = "Turn them into numbers, such as float32, and save them with numpy.savez"
        if dtype.hasobject:
            remedy = "It holds Python objects, which are never opened: save x.astype('float32')"
        elif dtype.names:
            remedy = "Make one plain array of the fields: numpy.lib.recfunctions.structured_to_unstructured(x)"
        elif dtype.kind == "c":
            remedy = "Save real and imaginary parts as two features: numpy.stack([x.real, x.imag], axis=-1)"
        raise DataError(f"In {place} inputs must be numbers. Received: {dtype_name(dtype)}. {remedy}.")
    check_rows(header, limits)
    limits.check(
        "pixels",
        math.prod(header.shape[1:]),
        f"In {place} an example must have",
        received=f"shape {shown_shape(header.shape)}",
        remedy="Make the examples smaller",
    )
    each = 1 if dtype.kind == "b" or dtype == np.uint8 else 4
    limits.check("expanded_bytes", header.bytes // dtype.itemsize * each, f"In {place} there must be")


def check_targets(header: Header, limits: Limits) -> None:
    """Raises DataError where an array's header shows that it cannot be targets."""
    dtype = header.dtype
    if dtype.hasobject:
        raise DataError(
            f"In {header.place} there are Python objects, which are never opened. Save the targets as numbers or as "
            "text: y.astype(str) or y.astype('int64')."
        )
    if dtype.names or dtype.subdtype or dtype.kind not in _NUMBERS + "US":
        raise DataError(
            f"In {header.place} targets must be numbers or text. Received: {dtype_name(dtype)}. Save them as such."
        )
    check_rows(header, limits)
    if header.bytes > limits.expanded_bytes // 8:
        raise DataError(
            f"In {header.place} targets must take at most {limits.expanded_bytes / 8e6:,.0f} MB. Received: "
            f"{header.bytes / 1e6:,.0f} MB. Save them as one whole number per example."
        )


def check_rows(header: Header, limits: Limits) -> None:
    """Raises DataError for an array without rows or numbers, or with too many rows."""
    if not header.shape or 0 in header.shape or not header.dtype.itemsize:
        raise DataError(
            f"In {header.place} there must be at least one example. Received: shape {shown_shape(header.shape)}. "
            "Upload a file with data in it."
        )
    limits.check("rows", header.shape[0], f"In {header.place} there must be", remedy="Use a part of them")


def find_layout(header: Header) -> Layout:
    """Returns what one example of an array is.

    Bytes, squares and arrays named like images are images; other arrays (n, a, b) are sequences.

    Raises:
        DataError: it has more axes than an image.
    """
    shape, place = header.shape[1:], header.place
    if len(shape) < 2:
        return Layout("vector", shape or (1,))
    if len(shape) == 2:
        is_square = shape[0] == shape[1] >= _SMALLEST_IMAGE
        if header.dtype == np.uint8 or header.dtype.kind == "b" or is_square or "im" in header.name.lower():
            return Layout("image", (*shape, 1))
        message = f"Taken as sequences of {shape[0]:,} steps with {shape[1]:,} number{'s' * (shape[1] > 1)} each. "
        message += "If they are images, save x[..., None], which says so."
        return Layout("sequence", shape, findings=(note(place, message),))
    if len(shape) == 3 and shape[0] in (1, 3) and shape[2] not in (1, 3, 4) and min(shape[1:]) >= _SMALLEST_IMAGE:
        message = f"The shape {shown_shape(header.shape)} has the channels first: they are moved to the end, where a "
        message += "downloaded model expects them too."
        return Layout("image", (*shape[1:], shape[0]), True, (note(place, message),))
    if len(shape) == 3:
        return Layout("image", shape)
    raise DataError(
        f"In {place} an example must be a row (n, features), a sequence (n, steps, features) or an image "
        f"(n, height, width, channels). Received: shape {shown_shape(header.shape)}. Reshape it: "
        "x.reshape(len(x), -1) makes rows."
    )


def dtype_name(dtype: np.dtype) -> str:
    """Returns the name of a type for people."""
    if dtype.names:
        return f"a structured type with the fields {', '.join(dtype.names)[:60]}"
    kinds = {"O": "objects", "U": "text", "S": "text", "M": "dates", "m": "time spans", "c": "complex numbers"}
    return kinds.get(dtype.kind, str(dtype)[:60])


def find_scaling(layout: Layout, dtype: np.dtype, low: float, high: float) -> tuple[float | None, bool, str]:
    """Returns `DataSpec.rescale`, `DataSpec.standardize`, and a description of the scaling.

    Args:
        layout: of the examples.
        dtype: of the raw array.
        low, high: the smallest and the largest value in the training data.
    """
    if dtype == np.uint8 or dtype.kind == "b":
        # Pixels of 4 bits go to 16, truth values to 1; dark photos still go to 255.
        top = 255 if high > 127 else max(high, 1)
        return 1 / top, False, f"bytes from {low:.0f} to {high:.0f}, divided by {top:.0f} inside the model"
    if layout.kind == "image" and low >= 0 and high <= 1:
        return 1.0, False, "pixels from 0 to 1, as they are"
    if layout.kind == "image" and low >= 0 and high <= 255:
        return 1 / 255, False, f"pixels from {low:g} to {high:g}, divided by 255 inside the model"
    each = {"vector": "number", "image": "channel", "sequence": "feature"}[layout.kind]
    return None, True, f"values from {low:g} to {high:g}, each {each} standardized inside the model"
