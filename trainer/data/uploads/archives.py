"""Untrusted zip archives: the directory is checked before anything is unpacked, and nothing is extracted."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import quoted
from trainer.errors import DataError

#: A member that unpacks to less than this is harmless at any ratio; a column of zeros packs very well.
HARMLESS = 32 << 20
#: Smallest size of a directory entry in bytes, and the largest average size that is believed.
_ENTRY, _LARGEST_ENTRY = 46, 1024
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, struct.error,
    OverflowError, KeyError,
)  # fmt: skip


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Opens a zip after checking everything that its directory says.

    Raises:
        DataError: the file is no zip or too large, holds too many files, encrypted files, names that lead outside
            or occur twice, or would unpack to more than the limits allow.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        count_members(file, size, limits)
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise not_a_zip(str(error) or "it ends too early") from None
        with archive:
            check_directory(archive.infolist(), size, limits)
            yield archive


@contextmanager
def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    """Opens a member for reading; reading it to its end checks its checksum.

    Raises:
        DataError: it is damaged; also for what goes wrong while it is read in the block.
    """
    try:
        with archive.open(member) as stream:
            yield stream
    except _BROKEN as error:
        raise DataError(
            f"{quoted(member.filename)} in the archive is damaged: {str(error) or 'it ends too early'}. "
            "Pack the archive again from the original files."
        ) from None


def not_a_zip(reason: str) -> DataError:
    """Returns the error for a file that cannot be read as an archive."""
    return DataError(f"The file is not a readable zip archive: {reason.rstrip('.')}. Copy or pack it again.")


def count_members(file: BinaryIO, size: int, limits: Limits) -> int:
    """Returns how many files an archive's directory lists, without making an object for any of them.

    Raises:
        DataError: the file is empty or too large, has no directory, or lists more files than allowed.
    """
    limits.check("bytes", size, "The file must be")
    if not size:
        raise DataError("The file is empty: it has 0 bytes. Choose a file with data in it.")
    # The directory's end is in the last 22 bytes, before a comment of at most 65,535. 76 more bytes announce a zip64.
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
    check_count(length // _LARGEST_ENTRY, limits)
    file.seek(start)
    directory, position, count = file.read(length), 0, 0
    while position + _ENTRY <= len(directory) and directory[position : position + 4] == b"PK\x01\x02":
        position += _ENTRY + sum(struct.unpack_from("<HHH", directory, position + 28))
        count += 1
        if count > limits.files:
            check_count(max(count, len(directory) // (position // count)), limits)
    return count


def check_count(count: int, limits: Limits) -> None:
    """Raises DataError for an archive of too many files."""
    limits.check("files", count, "An archive must hold", received=f"about {count:,}", remedy="Use a part of them")


def check_directory(infos: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    """Raises DataError for the first thing in an archive's directory that must not be."""
    names: set[str] = set()
    for info in infos:
        name, member = info.filename, f"{quoted(info.filename)} in the archive"
        parts = name.replace("\\", "/").split("/")
        if name[:1] in ("/", "\\") or ".." in parts or parts[0].endswith(":"):
            raise DataError(f"{member} leads to a place outside of it. Pack the archive again, with plain names.")
        if name in names:
            raise DataError(f"{quoted(name)} occurs twice in the archive. Pack the archive again, with each name once.")
        names.add(name)
        if info.flag_bits & 0x1:
            raise DataError(f"{member} is encrypted. Pack the archive again without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(
                f"{quoted(name)} is packed by method {info.compress_type}, and only stored and deflated (methods 0 "
                "and 8) are read. Pack the archive again as a usual zip."
            )
        if info.file_size > max(HARMLESS, limits.ratio * info.compress_size):
            raise DataError(
                f"{member} must unpack to at most {limits.ratio} times its size. Received: {info.compress_size:,} "
                f"bytes that unpack to {info.file_size:,}. If the file is as it should be, pack it without "
                "compression, or raise the limit with TRAINDECK_MAX_RATIO."
            )
    limits.check("expanded_bytes", sum(info.file_size for info in infos), "The archive must unpack to")
    packed = sum(info.compress_size for info in infos)
    if packed > size:
        raise not_a_zip(f"its files are said to take {packed:,} bytes, and it has {size:,}")
