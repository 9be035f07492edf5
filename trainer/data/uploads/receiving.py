"""A file as it comes in: counted, hashed and recognised while it flows to the disk."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import BinaryIO

from trainer.config.names import LONGEST_NAME
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.report import Progress
from trainer.errors import DataError
from trainer.storage import sync

BLOCK = 1 << 20


def receive(source: BinaryIO, target: Path, name: str, limits: Limits, progress: Progress | None = None) -> str:
    """Copies a stream to a new file in blocks and returns its SHA-256, in hex.

    Args:
        source: open for reading, at its beginning.
        target: the file to make.
        name: what the file is called, for messages.
        limits: how many bytes may come.
        progress: told after each block.

    Raises:
        DataError: it is empty, or larger than the limit; what was written is left for the caller to remove.
    """
    hasher, done, total = hashlib.sha256(), 0, length_of(source)
    with open(target, "xb") as file:
        while block := source.read(BLOCK):
            done += len(block)
            if max(done, total or 0) > limits.bytes:
                raise DataError(
                    f"“{name}” must be at most {limits.bytes / 1e6:,.0f} MB. Received: at least "
                    f"{max(done, total or 0) / 1e6:,.0f} MB. Use a part of it, or raise the limit with "
                    "TRAINDECK_MAX_BYTES."
                )
            file.write(block)
            hasher.update(block)
            if progress:
                size = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else f"{done / 1e6:,.0f} MB"
                progress(min(done / total, 1.0) if total else 0.0, f"Storing {name}: {size}")
        sync(file)
    if not done:
        raise DataError(f"“{name}” is empty: it has 0 bytes. Choose a file with data in it.")
    return hasher.hexdigest()


def length_of(source: BinaryIO) -> int | None:
    """Returns how many bytes a stream holds from here on, or None where it cannot tell."""
    try:
        here = source.tell()
        end = source.seek(0, os.SEEK_END)
        source.seek(here)
    except (OSError, AttributeError, ValueError):
        return None
    return end - here


def display_name(name: str) -> str:
    """Returns a file's name as it can be shown: without folders and control characters, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(c for c in last if not unicodedata.category(c).startswith("C")).strip()
    if len(shown) > LONGEST_NAME:
        stem, dot, suffix = shown.rpartition(".")
        tail = f"…{dot}{suffix}" if stem and len(suffix) <= 8 else "…"
        shown = shown[: LONGEST_NAME - len(tail)] + tail
    return shown or "data"
