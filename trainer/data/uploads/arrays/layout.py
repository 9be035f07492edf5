"""What one example of an array is: an image, a row of numbers, or a sequence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainer.data.uploads.arrays.npy import Header, shown_shape
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.report import Finding
from trainer.errors import DataError

_SMALLEST_IMAGE = 8
_NUMBERS = "biuf"


@dataclass(frozen=True)
class Layout:
    """How the examples of an array are taken.

    Attributes:
        kind: what one example is.
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
    """Raises DataError where an array cannot be inputs, by its header alone."""
    dtype, place = header.dtype, header.place
    if dtype.hasobject or dtype.names or dtype.subdtype or dtype.kind not in _NUMBERS:
        what, remedy = "numbers", "Turn them into numbers, such as float32, and save them with numpy.savez"
        if dtype.hasobject:
            remedy = "It holds Python objects, which are never opened: save x.astype('float32')"
        elif dtype.names:
            remedy = "Make one plain array of the fields: numpy.lib.recfunctions.structured_to_unstructured(x)"
        elif dtype.kind == "c":
            remedy = "Save real and imaginary parts as two features: numpy.stack([x.real, x.imag], axis=-1)"
        raise DataError(f"In {place} inputs must be {what}. Received: {dtype_name(dtype)}. {remedy}.")
    check_rows(header, limits)
    numbers = math.prod(header.shape[1:])
    if numbers > limits.pixels:
        raise DataError(
            f"In {place} an example must have at most {limits.pixels:,} numbers. Received: "
            f"{shown_shape(header.shape)}. Make the examples smaller, or raise the limit with TRAINDECK_MAX_PIXELS."
        )
    unpacked = header.bytes // dtype.itemsize * (1 if dtype.kind == "b" or dtype == np.uint8 else 4)
    if unpacked > limits.expanded_bytes:
        raise DataError(
            f"In {place} there must be at most {limits.expanded_bytes / 1e6:,.0f} MB. Received: "
            f"{unpacked / 1e6:,.0f} MB. Use a part of it, or raise the limit with TRAINDECK_MAX_EXPANDED_BYTES."
        )


def check_targets(header: Header, limits: Limits) -> None:
    """Raises DataError where an array cannot be targets, by its header alone."""
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
    if header.shape[0] > limits.rows:
        raise DataError(
            f"In {header.place} there must be at most {limits.rows:,} rows. Received: {header.shape[0]:,}. Use a "
            "part of them, or raise the limit with TRAINDECK_MAX_ROWS."
        )


def find_layout(header: Header) -> Layout:
    """Returns what one example of an array is.

    Raises:
        DataError: it has more axes than an image.
    """
    shape = header.shape[1:]
    if len(shape) == 0:
        return Layout("vector", (1,))
    if len(shape) == 1:
        return Layout("vector", shape)
    if len(shape) == 2:
        return image_or_sequence(header)
    if len(shape) == 3:
        if shape[0] in (1, 3) and shape[2] not in (1, 3, 4) and min(shape[1:]) >= _SMALLEST_IMAGE:
            note = Finding(
                "note",
                header.place,
                f"The shape {shown_shape(header.shape)} has the channels first: they are moved to the end, where a "
                "downloaded model expects them too.",
            )
            return Layout("image", (*shape[1:], shape[0]), True, (note,))
        return Layout("image", shape)
    raise DataError(
        f"In {header.place} an example must be a row (n, features), a sequence (n, steps, features) or an image "
        f"(n, height, width, channels). Received: shape {shown_shape(header.shape)}. Reshape it: "
        "x.reshape(len(x), -1) makes rows."
    )


def image_or_sequence(header: Header) -> Layout:
    """Returns which of the two (n, a, b) is: bytes, squares and what is called so are images."""
    first, second = header.shape[1:]
    is_square = first == second >= _SMALLEST_IMAGE
    if header.dtype == np.uint8 or header.dtype.kind == "b" or is_square or "im" in header.name.lower():
        return Layout("image", (first, second, 1))
    note = Finding(
        "note",
        header.place,
        f"Taken as sequences of {first:,} steps with {second:,} number{'s' * (second > 1)} each. If they are images, "
        "save x[..., None], which says so.",
    )
    return Layout("sequence", (first, second), findings=(note,))


def dtype_name(dtype: np.dtype) -> str:
    """Returns a type as people read it."""
    if dtype.names:
        return f"a structured type with the fields {', '.join(dtype.names)[:60]}"
    kinds = {"O": "objects", "U": "text", "S": "text", "M": "dates", "m": "time spans", "c": "complex numbers"}
    return kinds.get(dtype.kind, str(dtype)[:60])
