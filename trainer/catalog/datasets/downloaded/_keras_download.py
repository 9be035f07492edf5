"""Files of `keras.datasets`: found in Keras's cache, or downloaded into it, from where Keras gets them.

Keras's own loader has no timeout, reports its progress only to the terminal, and deletes a file
of the user's whose hash it does not know.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from trainer.data.progress import report
from trainer.errors import DataError

# Seconds without an answer before the network counts as absent.
TIMEOUT = 10
BLOCK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """A file that a data set needs.

    Attributes:
        name: in the cache, where Keras looks for it.
        origin: the URL that Keras downloads it from.
        sha256: of the published file; None where Keras knows none.
        folder: inside Keras's folder.
        hint: what else a person should know who puts it there by hand.
    """

    name: str
    origin: str
    sha256: str | None = None
    folder: str = "datasets"
    hint: str = ""

    @property
    def path(self) -> Path:
        """Where it is kept: `$KERAS_HOME`, or `~/.keras`, then the folder."""
        return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / self.folder / self.name


def fetch(file: RemoteFile) -> Path:
    """Returns the file's path in the cache, after downloading it if it is not there.

    Raises:
        DataError: it is not there and cannot be had; the sentence says where to put it by hand.
    """
    if not file.path.is_file():
        download(file)
    return file.path


def download(file: RemoteFile) -> None:
    """Downloads a file into the cache, reporting progress; nothing is left behind if that fails.

    Raises:
        DataError: no network, no such file there, another file than was published, or no place for it.
    """
    part = None
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.path.parent, suffix=".part", delete=False) as target:
            part = Path(target.name)
            digest = copy(file, target)
        if file.sha256 not in (None, digest):
            raise unavailable(
                file, f"what {urlsplit(file.origin).hostname} sent is not the published file (SHA-256 {digest})"
            )
        os.replace(part, file.path)
        part = None
    except OSError as error:
        raise DataError(
            f"Cannot write {file.name} to {file.path.parent}: {error.strerror or error}. Make room or allow "
            "writing there, or set KERAS_HOME to another folder."
        ) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def copy(file: RemoteFile, target: BinaryIO) -> str:
    """Copies a file from the network into `target` and returns its SHA-256."""
    hasher, done, text = hashlib.sha256(), 0, f"Downloading {file.name}"
    report(text, None)
    try:
        response = urllib.request.urlopen(file.origin, timeout=TIMEOUT)
    except (OSError, http.client.HTTPException) as error:
        raise unavailable(file, f"{urlsplit(file.origin).hostname} does not answer ({explain(error)})") from None
    with response:
        total = int(response.headers.get("Content-Length") or 0)
        while True:
            try:
                block = response.read(BLOCK)
            except (OSError, http.client.HTTPException) as error:
                raise unavailable(file, f"the download broke off ({explain(error)})") from None
            if not block:
                break
            target.write(block)
            hasher.update(block)
            done += len(block)
            size = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else f"{done / 1e6:,.0f} MB"
            report(f"{text}: {size}", min(done / total, 1.0) if total else None)
    if total and done < total:
        raise unavailable(file, f"the download broke off after {done:,} of {total:,} bytes")
    return hasher.hexdigest()


def explain(error: Exception) -> str:
    """Returns what went wrong on the network, in a few words."""
    return str(getattr(error, "reason", None) or error or type(error).__name__)


def unavailable(file: RemoteFile, reason: str) -> DataError:
    """Returns the error for a file that cannot be had, with what to do about it."""
    return DataError(
        f"{file.name} is not in {file.path.parent} and cannot be downloaded: {reason}. Connect to the internet and "
        f"start again, or get {file.origin} another way and put it into {file.path.parent} as {file.name}: then it "
        f"trains offline.{file.hint}"
    )


def damaged(file: RemoteFile, reason: str) -> DataError:
    """Returns the error for a file in the cache that is not what it should be."""
    return DataError(
        f"{file.path} is damaged: {reason}. Delete it to have it downloaded again, or put a good copy in its place."
    )


def verify(file: RemoteFile) -> Path:
    """Returns the file's path after comparing its SHA-256 with the published one.

    Raises:
        DataError: it differs, or cannot be read.
    """
    report(f"Checking {file.name}", None)
    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise damaged(file, error.strerror or str(error)) from None
    if digest != file.sha256:
        raise damaged(file, f"its SHA-256 is {digest}, not {file.sha256}")
    return file.path
