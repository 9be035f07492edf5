"""Files of `keras.datasets`: found in Keras's cache, or downloaded into it from the same URLs.

Keras's own loader has no timeout, reports progress only to the terminal, and deletes a user's file
if its hash is unknown.
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

# Seconds without an answer before the download fails.
TIMEOUT = 10
BLOCK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """A file that a data set needs.

    Attributes:
        name: in the cache, where Keras looks for it.
        origin: the URL that Keras downloads it from.
        sha256: of the published file; None where Keras has none.
        folder: inside Keras's folder.
        hint: one more sentence for those who put the file there by hand.
    """

    name: str
    origin: str
    sha256: str | None = None
    folder: str = "datasets"
    hint: str = ""

    @property
    def path(self) -> Path:
        """Its place in the cache: `$KERAS_HOME`, or `~/.keras`, then the folder."""
        return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / self.folder / self.name


def fetch(file: RemoteFile) -> Path:
    """Returns the file's path in the cache, and downloads it first if it is missing.

    Raises:
        DataError: it is missing and cannot be downloaded; the message says where to put it by hand.
    """
    if not file.path.is_file():
        download(file)
    return file.path


def download(file: RemoteFile) -> None:
    """Downloads a file into the cache and reports progress; a failure leaves no file behind.

    Raises:
        DataError: no network, no such file, not the published file, or no space.
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
    """Returns a short description of a network error."""
    return str(getattr(error, "reason", None) or error or type(error).__name__)


def unavailable(file: RemoteFile, reason: str) -> DataError:
    """Returns the error for a file that cannot be downloaded, with the remedy."""
    return DataError(
        f"{file.name} is not in {file.path.parent} and cannot be downloaded: {reason}. Connect to the internet and "
        f"start again. To train offline, get {file.origin} another way and put it into {file.path.parent} as "
        f"{file.name}.{file.hint}"
    )


def damaged(file: RemoteFile, reason: str) -> DataError:
    """Returns the error for a damaged file in the cache."""
    return DataError(
        f"{file.path} is damaged: {reason}. Delete it to download it again, or replace it with a good copy."
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
