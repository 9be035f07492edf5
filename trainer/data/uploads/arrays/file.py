"""NPZ and NPY files as lists of arrays: headers are checked before any data is read, and pickles are never opened."""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from trainer.data.npz import header_lock
from trainer.data.uploads.archives import open_member
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import note
from trainer.errors import DataError

SUFFIX = ".npy"
#: The largest number of arrays in an NPZ file.
MOST_ARRAYS = 1000
#: About how many bytes of an array are in memory at a time.
BLOCK = 4 << 20
_LONGEST_HEADER = 10_000
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """The header of a .npy file.

    Attributes:
        name: of the array.
        dtype, shape: of the array.
        is_fortran: whether the first axis varies fastest, so that the values of an example are scattered.
    """

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    is_fortran: bool

    @property
    def place(self) -> str:
        """The array's name in findings: 'array “x”'."""
        return f"array {quoted(self.name)}"

    @property
    def bytes(self) -> int:
        """The size of the data."""
        return math.prod(self.shape) * self.dtype.itemsize


class ArrayFile:
    """The arrays of an NPZ file.

    Args:
        archive: checked and open.

    Attributes:
        headers: of all arrays, in the order of the file.
        findings: the other files in it, which are left out.

    Raises:
        DataError: there are too many arrays, or a header cannot be read.
    """

    def __init__(self, archive: zipfile.ZipFile):
        self._archive, files = archive, [info for info in archive.infolist() if not info.is_dir()]
        self._members = {one.filename.removesuffix(SUFFIX): one for one in files if one.filename.endswith(SUFFIX)}
        if len(self._members) > MOST_ARRAYS:
            raise DataError(
                f"An NPZ file must hold at most {MOST_ARRAYS:,} arrays. Received: {len(self._members):,}. Put the "
                "examples into one array, with one row per example."
            )
        self.headers = []
        for name, member in self._members.items():
            with open_member(archive, member) as stream:
                self.headers.append(read_header(stream, name, member.file_size))
        others = [one.filename for one in files if not one.filename.endswith(SUFFIX)]
        self.findings = [note(quoted(name), "Left out: it is no array (.npy).") for name in others[:20]]
        if len(others) > 20:
            self.findings.append(note("", f"{len(others) - 20:,} more files are no arrays.", len(others) - 20))

    def blocks(self, header: Header) -> Iterator[np.ndarray]:
        """Yields an array's rows in blocks; its checksum is compared at the end.

        Raises:
            DataError: it is damaged.
        """
        member = self._members[header.name]
        with open_member(self._archive, member) as stream:
            read_header(stream, header.name, member.file_size)
            yield from read_blocks(stream, header)

    def read(self, header: Header) -> np.ndarray:
        """Returns an array as a whole."""
        return np.concatenate(list(self.blocks(header)))


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

    An array in Fortran order is read as a whole, because its rows are scattered.

    Raises:
        EOFError: there is less data than the header says.
    """
    rows = header.shape[0]
    if header.is_fortran and len(header.shape) > 1:
        values = read_values(stream, header, rows).reshape(header.shape[::-1]).transpose()
        step = max(1, BLOCK * rows // max(1, header.bytes))
        yield from (np.ascontiguousarray(values[first : first + step]) for first in range(0, rows, step))
    else:
        step = max(1, BLOCK // (header.bytes // rows))
        for first in range(0, rows, step):
            count = min(step, rows - first)
            yield read_values(stream, header, count).reshape(count, *header.shape[1:])
    # A zip compares the checksum of a member when its end is read.
    stream.read(1)


def read_values(stream: BinaryIO, header: Header, rows: int) -> np.ndarray:
    """Reads the values of the next rows as one flat array."""
    values = np.empty(rows * math.prod(header.shape[1:]), header.dtype)
    view, done = memoryview(values.view(np.uint8)), 0
    while done < len(view):
        count = stream.readinto(view[done : done + BLOCK])
        if not count:
            raise EOFError(f"it ends after {done:,} of {len(view):,} bytes")
        done += count
    return values


def shown_shape(shape: tuple[int, ...]) -> str:
    """Returns a shape as text, cut short: "(60,000, 28, 28)"."""
    return f"({', '.join(map(shown, shape[:6]))}{', …' if len(shape) > 6 else ''})"


def shown(number: int) -> str:
    """Returns a whole number as text: 60,000, or 3e+33 where it is absurd."""
    return f"{number:,}" if number < 10**18 else f"{number:.0e}"


class Counted:
    """A stream that counts the bytes read from it."""

    def __init__(self, stream: BinaryIO):
        self._stream, self.position = stream, 0

    def read(self, size: int) -> bytes:
        """Reads at most `size` bytes; ValueError for more than a header has."""
        if size > _LONGEST_HEADER:
            raise ValueError(f"it is said to have {size:,} bytes")
        content = self._stream.read(size)
        self.position += len(content)
        return content
