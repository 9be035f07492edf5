"""Writing files so that a crash or a full disk leaves the old contents or the new, and says what to do."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
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
    except FileNotFoundError:
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
