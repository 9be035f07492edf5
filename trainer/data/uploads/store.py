"""DatasetStore: the folder of data sets that users uploaded, each kept once, by its content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from trainer.config.names import check_name
from trainer.data.uploads.dataset import PREFIX, SCHEMA, UploadedDataset, read_meta, reference_in
from trainer.data.uploads.limits import Limits, datasets_folder
from trainer.data.uploads.quoting import display_name
from trainer.data.uploads.report import Progress
from trainer.data.uploads.signatures import STORED_NAMES, detect, read_head
from trainer.errors import DataError
from trainer.storage import delete_folder, sha256_of, sweep, sync, write_json

#: Seconds after which the leftovers of a crash are deleted; an upload that still runs is younger.
_LEFTOVER = 3600
#: Bytes that are read and stored at a time.
BLOCK = 1 << 20


class DatasetStore:
    """Keeps, finds, renames and deletes uploaded data sets in one folder.

    Args:
        path: the folder; adding the first data set creates it.
    """

    def __init__(self, path: str | Path = "datasets"):
        self.path = Path(path).resolve()

    @classmethod
    def default(cls) -> DatasetStore:
        """Returns the store for the folder that TRAINDECK_DATASETS names ("datasets")."""
        return cls(datasets_folder())

    def add(self, source: Path | BinaryIO, name: str, progress: Progress | None = None) -> UploadedDataset:
        """Stores a file. The same content twice is one data set, which keeps its first name.

        Args:
            source: a file on this machine, or a stream, which is read in blocks.
            name: of the file; folders in it are ignored.
            progress: called after each block.

        Raises:
            DataError: the file is empty or too large, or cannot be read or written.
        """
        name = display_name(name)
        temporary = self.path / f".tmp-{secrets.token_hex(8)}"
        try:
            sweep(self.path, _LEFTOVER)
            temporary.mkdir(parents=True)
            with open(source, "rb") if isinstance(source, Path) else nullcontext(source) as file:
                return self._keep(file, temporary, name, progress)
        except OSError as error:
            raise DataError(
                f"“{name}” cannot be stored in {self.path}: {error.strerror or error}. "
                "Make room, change its permissions, or choose another folder with TRAINDECK_DATASETS."
            ) from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def list(self) -> list[UploadedDataset]:
        """Returns all data sets, newest first; folders that hold no readable one are left out."""
        found = (read_meta(folder) for folder in self._folders().values())
        return sorted((uploaded for uploaded in found if uploaded), key=lambda uploaded: uploaded.added, reverse=True)

    def get(self, id: str) -> UploadedDataset:
        """Returns a data set by id.

        Raises:
            DataError: there is no such data set. `id` never becomes part of a path.
        """
        folder = self._folders().get(id) if isinstance(id, str) else None
        uploaded = folder and read_meta(folder)
        if not uploaded:
            raise DataError(
                f"The data set {PREFIX}{id!s:.40} is not there: it was deleted, or another data folder is in use "
                f"than {self.path}. Upload the same file again on the Data page, or choose another data set."
            )
        return uploaded

    def rename(self, id: str, name: str) -> UploadedDataset:
        """Gives a data set another display name.

        Raises:
            DataError: there is no such data set.
            ConfigError: the name is empty, too long, or has control characters.
        """
        uploaded = self.get(id)
        meta = uploaded.path.parent / "meta.json"
        write_json(meta, json.loads(meta.read_text(encoding="utf-8")) | {"name": check_name(name)})
        return self.get(id)

    def delete(self, id: str, runs: Iterable = ()) -> None:
        """Deletes a data set for good.

        Args:
            id: the data set.
            runs: those that may need it.

        Raises:
            DataError: there is no such data set, or one of the runs is live and needs it.
        """
        uploaded = self.get(id)
        for run in runs:
            if run.is_live and needs(run, uploaded):
                raise DataError(
                    f"{run.name} is {run.status} and needs “{uploaded.name}”. Stop it, then delete the data."
                )
        delete_folder(uploaded.path.parent)

    def _keep(self, source: BinaryIO, temporary: Path, name: str, progress: Progress | None) -> UploadedDataset:
        sha256 = receive(source, temporary / "data", name, Limits.from_environment(), progress)
        id, file = sha256[:16], STORED_NAMES[detect(read_head(temporary / "data"))]
        if id in self._folders():
            return self.get(id)
        os.rename(temporary / "data", temporary / file)
        meta = {"schema": SCHEMA, "name": name, "file_name": name, "file": file, "sha256": sha256, "added": time.time()}
        write_json(temporary / "meta.json", meta | {"bytes": (temporary / file).stat().st_size})
        try:
            os.rename(temporary, self.path / id)
        except OSError:
            # Another tab uploaded the same file at the same time.
            if id not in self._folders():
                raise
        return self.get(id)

    def _folders(self) -> dict[str, Path]:
        try:
            entries = list(self.path.iterdir())
        except OSError:
            return {}
        return {e.name: e for e in entries if re.fullmatch("[0-9a-f]{16}", e.name) and (e / "meta.json").is_file()}


def receive(source: BinaryIO, target: Path, name: str, limits: Limits, progress: Progress | None = None) -> str:
    """Copies a stream to a new file in blocks and returns its SHA-256, in hex.

    Args:
        source: open for reading, at its beginning.
        target: the new file.
        name: of the file, for messages.
        limits: in force.
        progress: called after each block.

    Raises:
        DataError: the stream is empty or larger than the limit. The caller removes what was written.
    """
    hasher, done, total = hashlib.sha256(), 0, length_of(source)
    with open(target, "xb") as file:
        while block := source.read(BLOCK):
            done += len(block)
            size = max(done, total or 0)
            limits.check("bytes", size, f"“{name}” must be", received=f"at least {size / 1e6:,.0f} MB")
            file.write(block)
            hasher.update(block)
            if progress:
                shown = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else f"{done / 1e6:,.0f} MB"
                progress(min(done / total, 1.0) if total else 0.0, f"Storing {name}: {shown}")
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


def needs(run, uploaded: UploadedDataset) -> bool:
    """Returns whether a run trains on an uploaded data set."""
    return reference_in(str(run.config.dataset_options.get("path", ""))) == uploaded.reference


def resolve(path: str) -> Path:
    """Returns the file that the option `path` names: on this machine, or "upload:<id>" in the store.

    Raises:
        DataError: there is no such file.
    """
    if reference := reference_in(path):
        return DatasetStore.default().get(reference.removeprefix(PREFIX)).path
    if not path:
        raise DataError("path is empty. Give the path of a data file, or upload one on the Data page.")
    file = Path(path).expanduser()
    try:
        if file.is_file():
            return file.resolve()
        what = "is a folder, not a file" if file.is_dir() else "is not there"
    except (OSError, ValueError):
        what = "cannot be looked up"
    raise DataError(f"The data file {path!r:.120} {what}. Correct path, or upload the file on the Data page.")


def refuse_changed(path: str, sha256: str) -> None:
    """Raises DataError where the file that the option `path` names is gone or has changed.

    Args:
        path: as for `resolve`.
        sha256: of the content when the run began.
    """
    if sha256_of(resolve(path)) != sha256:
        raise DataError(
            f"The data file {path!r:.120} has changed since this run began, so the run cannot go on. Put the file back "
            "as it was, or start a new run."
        )
