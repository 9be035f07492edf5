"""Data files on their way to a node: sent once per content, kept there by its SHA-256, verified on arrival."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from trainer.config.run_config import RunConfig
from trainer.data.uploads import DatasetStore, resolve
from trainer.errors import DataError
from trainer.storage import delete_folder, sha256_of

#: Bytes that travel at a time.
_BLOCK = 16 << 20


def data_file(config: RunConfig) -> Path | None:
    """Returns the file that a recipe reads, or None if its data set comes with the program.

    Raises:
        DataError: the file is not there.
    """
    path = config.dataset_options.get("path")
    return resolve(path) if path else None


def blocks(path: Path) -> Iterator[bytes]:
    """Yields the contents of a file."""
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            yield block


def use_cache() -> None:
    """Sets the folder of uploaded data on a node: TRAINDECK_DATASETS there, or one in the user's cache."""
    os.environ.setdefault("TRAINDECK_DATASETS", str(Path.home() / ".cache" / "traindeck" / "datasets"))


def find_kept(sha256: str) -> str | None:
    """Returns the reference of a file that this node keeps, after reading it again; a damaged one is deleted."""
    store = DatasetStore.default()
    with contextlib.suppress(DataError):
        kept = store.get(sha256[:16])
        if sha256_of(kept.path) == sha256:
            return kept.reference
        delete_folder(kept.path.parent)
    return None


class Arriving:
    """A file that arrives on a node in blocks.

    Args:
        name: of the file, for messages.
    """

    def __init__(self, name: str):
        folder = DatasetStore.default().path
        folder.mkdir(parents=True, exist_ok=True)
        self._name, self._path = name, folder / f".tmp-{secrets.token_hex(8)}"
        self._file: BinaryIO = open(self._path, "xb")  # noqa: SIM115

    def add(self, block: bytes) -> None:
        """Writes the next block."""
        self._file.write(block)

    def finish(self, sha256: str) -> str:
        """Stores the file and returns its reference for the option `path`.

        Raises:
            DataError: what arrived is not what was sent.
        """
        self._file.close()
        try:
            if sha256_of(self._path) != sha256:
                raise DataError(f"“{self._name}” did not arrive on the node as it was sent. Start the run again.")
            return DatasetStore.default().add(self._path, self._name).reference
        finally:
            self._path.unlink(missing_ok=True)
