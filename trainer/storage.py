"""Files and folders on disk: replaced, deleted and verified so that a crash leaves the old contents or the new."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from trainer.errors import StorageError


def write_json(path: Path, value: dict, *, durable: bool = True) -> None:
    """Replaces a JSON file atomically.

    Args:
        path: the file.
        value: its contents.
        durable: wait until the contents are on the disk.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        if durable:
            sync(file)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary file to write, which replaces `path` when the block ends well and is removed otherwise.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(f".tmp-{os.getpid()}-{threading.get_ident()}-{path.name}")
    with storing(path.parent):
        try:
            yield temporary
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Turns a failed write inside the block into a sentence that says what to do.

    Raises:
        StorageError: in place of any OSError but a folder that does not exist any more.
    """
    try:
        yield
    except (FileNotFoundError, StorageError):
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "The disk is full. Delete runs or other files, then try again."
        else:
            remedy = "Change its permissions, or choose another folder with --runs-dir or TRAINDECK_RUNS."
        raise StorageError(f"The folder {folder} cannot be written: {error.strerror or error}. {remedy}") from error


def sync(file) -> None:
    """Waits until a file's contents are on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file's contents, as 64 hex digits.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def delete_folder(path: Path) -> None:
    """Deletes a folder and everything in it; one that does not exist is fine.

    The folder is renamed first, so that nobody mistakes a half-deleted folder for a whole one. `sweep` removes
    what a crash leaves.

    Raises:
        OSError: the folder cannot be renamed; it is unchanged.
    """
    doomed = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        os.rename(path, doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)


def sweep(folder: Path, seconds: float = 0.0) -> None:
    """Deletes the temporary folders, named `.tmp-…`, that a dead process left in a folder.

    Args:
        folder: the folder that holds them; it may be missing.
        seconds: keep those that changed within this time, because another process may still write them.
    """
    for path in folder.glob(".tmp-*"):
        try:
            newest = max(entry.stat().st_mtime for entry in (path, *path.glob("*")))
        except OSError:
            continue  # Renamed or deleted in the meantime.
        if not seconds or time.time() - newest > seconds:
            shutil.rmtree(path, ignore_errors=True)
