"""An NPZ or NPY file as a list of arrays: headers first, data in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from trainer.data.uploads.archives import Archive, Member, open_archive
from trainer.data.uploads.arrays.npy import Header, read_blocks, read_header
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding
from trainer.errors import DataError

SUFFIX = ".npy"
#: An NPZ of more arrays than this is something else.
MOST_ARRAYS = 1000


class ArrayFile:
    """The arrays of an NPZ file; use `open_array_file`.

    Attributes:
        headers: of all arrays, in the order of the file.
        findings: what is no array and was left out.
    """

    def __init__(self, archive: Archive):
        self._archive = archive
        self._members = {m.name.removesuffix(SUFFIX): m for m in archive.members if m.name.endswith(SUFFIX)}
        if len(self._members) > MOST_ARRAYS:
            raise DataError(
                f"An NPZ file must hold at most {MOST_ARRAYS:,} arrays. Received: {len(self._members):,}. Put the "
                "examples into one array, with one row per example."
            )
        self.headers = [self._read_header(name, member) for name, member in self._members.items()]
        others = [member.name for member in archive.members if not member.name.endswith(SUFFIX)]
        self.findings = [
            Finding("note", quoted(name), "Left out: it is no array (.npy).") for name in others[:20]
        ]  # fmt: skip
        if len(others) > 20:
            self.findings.append(
                Finding("note", "", f"{len(others) - 20:,} more files are no arrays.", len(others) - 20)
            )

    def _read_header(self, name: str, member: Member) -> Header:
        with self._archive.open(member) as stream:
            return read_header(stream, name, member.bytes)

    def blocks(self, header: Header) -> Iterator[np.ndarray]:
        """Yields an array's rows in blocks; at its end its checksum is compared.

        Raises:
            DataError: it is damaged.
        """
        member = self._members[header.name]
        with self._archive.open(member) as stream:
            read_header(stream, header.name, member.bytes)
            yield from read_blocks(stream, header)

    def read(self, header: Header) -> np.ndarray:
        """Returns an array as a whole."""
        return np.concatenate(list(self.blocks(header)))


@contextmanager
def open_array_file(path: Path, limits: Limits) -> Iterator[ArrayFile]:
    """Opens an NPZ file and reads all headers.

    Raises:
        DataError: it is no NPZ, or cannot be read.
    """
    with open_archive(path, limits) as archive:
        yield ArrayFile(archive)


def read_npy_header(path: Path, limits: Limits) -> Header:
    """Returns the header of a .npy file.

    Raises:
        DataError: it is too large, or damaged.
    """
    size = path.stat().st_size
    if size > limits.bytes:
        raise DataError(
            f"The file must be at most {limits.bytes / 1e6:,.0f} MB. Received: {size / 1e6:,.0f} MB. Use a part of "
            "it, or raise the limit with TRAINDECK_MAX_BYTES."
        )
    with open(path, "rb") as file:
        return read_header(file, path.stem, size)
