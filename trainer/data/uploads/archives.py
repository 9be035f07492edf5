"""Untrusted zip archives: the directory is checked before anything is unpacked, and nothing is extracted."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import quoted
from trainer.errors import DataError

#: A member that unpacks to less than this is harmless, however well it is packed: a column of zeros is.
HARMLESS = 32 << 20
#: The directory of an archive takes at least this much a member; more than this each, on average, is absurd.
_ENTRY, _LARGEST_ENTRY = 46, 1024
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, struct.error,
    OverflowError, KeyError,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        name: its path in the archive.
        bytes: what it unpacks to, as the archive claims; no more than this is ever read.
        packed: how many bytes it takes in the archive.
    """

    name: str
    bytes: int
    packed: int


class Archive:
    """A zip whose directory has been checked; use `open_archive`.

    Attributes:
        members: its files, in the order of the archive.
        folders: the paths of its folders that are listed as such.
    """

    def __init__(self, zip: zipfile.ZipFile):
        infos = zip.infolist()
        self._zip, self._infos = zip, {info.filename: info for info in infos}
        self.members = [Member(i.filename, i.file_size, i.compress_size) for i in infos if not i.is_dir()]
        self.folders = [info.filename for info in infos if info.is_dir()]

    @contextmanager
    def open(self, member: Member) -> Iterator[BinaryIO]:
        """Opens a member for reading; reading it to its end checks its checksum.

        Raises:
            DataError: it is damaged; also for what goes wrong while it is read in the block.
        """
        try:
            with self._zip.open(self._infos[member.name]) as stream:
                yield stream
        except _BROKEN as error:
            raise DataError(
                f"{quoted(member.name)} in the archive is damaged: {str(error) or 'it ends too early'}. "
                "Pack the archive again from the original files."
            ) from None


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[Archive]:
    """Opens a zip after checking all that its directory says.

    Raises:
        DataError: no zip, too large, too many files, encrypted, names that lead outside or occur twice,
            or what would unpack to more than the limits allow.
    """
    with open(path, "rb") as file:
        count_members(file, path.stat().st_size, limits)
        try:
            zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise not_a_zip(str(error) or "it ends too early") from None
        with zip:
            check_directory(zip.infolist(), path.stat().st_size, limits)
            yield Archive(zip)


def not_a_zip(reason: str) -> DataError:
    """Returns the error for a file that is no archive that can be read."""
    return DataError(f"The file is not a readable zip archive: {reason.rstrip('.')}. Copy or pack it again.")


def count_members(file: BinaryIO, size: int, limits: Limits) -> int:
    """Returns how many files an archive's directory lists, without making an object for any of them.

    Raises:
        DataError: there are more than the limit, or no directory.
    """
    if size > limits.bytes:
        raise DataError(
            f"The file must be at most {limits.bytes / 1e6:,.0f} MB. Received: {size / 1e6:,.0f} MB. Use a part of "
            "it, or raise the limit with TRAINDECK_MAX_BYTES."
        )
    if not size:
        raise DataError("The file is empty: it has 0 bytes. Choose a file with data in it.")
    # The directory's end is in the last 22 bytes, before a comment of at most 65,535; 76 more tell of a large one.
    file.seek(max(0, size - 65_557 - 76))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise not_a_zip("its directory is missing, so it is cut off or something else")
    (length,), before = struct.unpack_from("<I", tail, end + 12), 0
    if tail[max(0, end - 20) :].startswith(b"PK\x06\x07") and tail[max(0, end - 76) :].startswith(b"PK\x06\x06"):
        (length,), before = struct.unpack_from("<Q", tail, end - 76 + 40), 76
    start = size - len(tail) + end - before - length
    if start < 0:
        raise not_a_zip("its directory is said to be longer than the file")
    if length > limits.files * _LARGEST_ENTRY:
        raise too_many(length // _LARGEST_ENTRY, limits)
    file.seek(start)
    directory, position, count = file.read(length), 0, 0
    while position + _ENTRY <= len(directory) and directory[position : position + 4] == b"PK\x01\x02":
        position += _ENTRY + sum(struct.unpack_from("<HHH", directory, position + 28))
        count += 1
        if count > limits.files:
            raise too_many(len(directory) // max(1, position // count), limits)
    return count


def too_many(count: int, limits: Limits) -> DataError:
    """Returns the error for an archive of too many files."""
    return DataError(
        f"An archive must hold at most {limits.files:,} files. Received: about {count:,}. Use a part of them, or "
        "raise the limit with TRAINDECK_MAX_FILES."
    )


def check_directory(infos: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    """Raises DataError for the first thing in an archive's directory that must not be."""
    names: set[str] = set()
    for info in infos:
        check_name(info.filename)
        if info.filename in names:
            raise DataError(
                f"{quoted(info.filename)} occurs twice in the archive. Pack the archive again, with each name once."
            )
        names.add(info.filename)
        if info.flag_bits & 0x1:
            raise DataError(
                f"{quoted(info.filename)} in the archive is encrypted. Pack the archive again without a password."
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(
                f"{quoted(info.filename)} is packed by method {info.compress_type}, and only stored and deflated "
                "(methods 0 and 8) are read. Pack the archive again as a usual zip."
            )
        if info.file_size > max(HARMLESS, limits.ratio * info.compress_size):
            raise DataError(
                f"{quoted(info.filename)} in the archive must unpack to at most {limits.ratio} times its size. "
                f"Received: {info.compress_size:,} bytes that unpack to {info.file_size:,}. Pack it without "
                "compression if it is what it should be, or raise the limit with TRAINDECK_MAX_RATIO."
            )
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if unpacked > limits.expanded_bytes:
        raise DataError(
            f"The archive must unpack to at most {limits.expanded_bytes / 1e6:,.0f} MB. Received: "
            f"{unpacked / 1e6:,.0f} MB. Use a part of it, or raise the limit with TRAINDECK_MAX_EXPANDED_BYTES."
        )
    if packed > size:
        raise not_a_zip(f"its files are said to take {packed:,} bytes, and it has {size:,}")


def check_name(name: str) -> None:
    """Raises DataError for a name in an archive that leads outside of it."""
    parts = name.replace("\\", "/").split("/")
    if name[:1] in ("/", "\\") or ".." in parts or parts[0].endswith(":"):
        raise DataError(
            f"{quoted(name)} in the archive leads to a place outside of it. Pack the archive again, with plain names."
        )
