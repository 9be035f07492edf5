"""The .npy format: its header is judged before any of its data is read, and pickles are never opened."""

from __future__ import annotations

import math
import struct
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from trainer.data.npz import header_lock
from trainer.data.uploads.quoting import quoted
from trainer.errors import DataError

#: About how many bytes of an array are in memory at a time.
BLOCK = 4 << 20
_LONGEST_HEADER = 10_000
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """What a .npy file says of itself.

    Attributes:
        name: of the array.
        dtype, shape: of the array.
        is_fortran: whether the first axis runs fastest, so that no example lies in one piece.
    """

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    is_fortran: bool

    @property
    def place(self) -> str:
        """How findings name it."""
        return f"array {quoted(self.name)}"

    @property
    def bytes(self) -> int:
        """How large the data is."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: BinaryIO, name: str, size: int) -> Header:
    """Reads the header and leaves the stream where the data begins.

    Args:
        stream: at the beginning of the .npy.
        name: of the array, for messages.
        size: of the whole .npy in bytes.

    Raises:
        DataError: it is no .npy, or claims another size than it has.
    """
    counted = Counted(stream)
    try:
        version = np.lib.format.read_magic(counted)
        if version not in _READERS:
            raise ValueError(f"version {version[0]}.{version[1]} of the format is for structured arrays")
        with header_lock:
            shape, is_fortran, dtype = _READERS[version](counted, max_header_size=_LONGEST_HEADER)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, EOFError, struct.error,
            tokenize.TokenError, UnicodeDecodeError) as error:  # fmt: skip
        reason = " ".join(str(error).split())[:120] or "it ends too early"
        raise DataError(
            f"The array {quoted(name)} has a header that cannot be read: {reason}. Save it again with numpy.savez."
        ) from None
    header = Header(name, dtype, shape, is_fortran)
    if any(length < 0 for length in shape):
        raise DataError(f"The array {quoted(name)} claims the shape {shape}. Save it again with numpy.savez.")
    if not dtype.hasobject and header.bytes != size - counted.position:
        raise DataError(
            f"The array {quoted(name)} claims the shape {shown_shape(shape)} of {dtype.str}, {shown(header.bytes)} "
            f"bytes, and there are {max(0, size - counted.position):,}. It is cut off or damaged: save it again with "
            "numpy.savez."
        )
    return header


def read_blocks(stream: BinaryIO, header: Header) -> Iterator[np.ndarray]:
    """Yields an array's rows in blocks of about 4 MB, from where its data begins.

    An array in Fortran order is read as a whole, since its rows lie scattered.

    Raises:
        EOFError: there is less than the header says.
    """
    rows = header.shape[0]
    if header.is_fortran and len(header.shape) > 1:
        values = read_values(stream, header, rows).reshape(header.shape[::-1]).transpose()
        step = max(1, BLOCK * rows // max(1, header.bytes))
        yield from (np.ascontiguousarray(values[first : first + step]) for first in range(0, rows, step))
    else:
        each = header.bytes // rows
        step = max(1, BLOCK // each)
        for first in range(0, rows, step):
            count = min(step, rows - first)
            yield read_values(stream, header, count).reshape(count, *header.shape[1:])
    # The checksum of a zip's member is compared when its end is read.
    stream.read(1)


def read_values(stream: BinaryIO, header: Header, rows: int) -> np.ndarray:
    """Reads so many rows' values as one flat array."""
    values = np.empty(rows * math.prod(header.shape[1:]), header.dtype)
    view, done = memoryview(values.view(np.uint8)), 0
    while done < len(view):
        count = stream.readinto(view[done : done + BLOCK])
        if not count:
            raise EOFError(f"it ends after {done:,} of {len(view):,} bytes")
        done += count
    return values


def shown_shape(shape: tuple[int, ...]) -> str:
    """Returns a shape as people write it, cut short: "(60,000, 28, 28)"."""
    return f"({', '.join(map(shown, shape[:6]))}{', …' if len(shape) > 6 else ''})"


def shown(number: int) -> str:
    """Returns a whole number as people read it: 60,000, or 3e+33 where it is absurd."""
    return f"{number:,}" if number < 10**18 else f"{number:.0e}"


class Counted:
    """A stream that counts what is read from it."""

    def __init__(self, stream: BinaryIO):
        self._stream, self.position = stream, 0

    def read(self, size: int) -> bytes:
        """Reads at most `size` bytes; ValueError for more than a header has."""
        if size > _LONGEST_HEADER:
            raise ValueError(f"it is said to have {size:,} bytes")
        content = self._stream.read(size)
        self.position += len(content)
        return content
