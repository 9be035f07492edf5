"""The array cache: the arrays of an uploaded file, in memory if they are small, otherwise unpacked on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

import numpy as np

from trainer.data.uploads.limits import datasets_folder
from trainer.errors import DataError
from trainer.storage import delete_folder, sweep, sync

#: Arrays of at most this many bytes in total stay in memory.
SMALL = 64 << 20
ABOUT = "about.json"
#: The ending of each part's array names, as in `Arrays`.
SUFFIX = {"train": "", "validation": "_validation", "test": "_test"}
#: Seconds after which the leftovers of a crash are deleted.
_LEFTOVER = 86_400


class ArrayCache:
    """Collects arrays block by block; a context manager.

    On disk they are written to a temporary folder, which `finish` renames. Without `finish` it is deleted.

    Args:
        folder: where the arrays are stored on disk.
    """

    def __init__(self, folder: Path):
        self._folder, self._is_on_disk = folder, False
        self._temporary = folder.with_name(f".tmp-{secrets.token_hex(8)}")
        self._blocks: dict[str, list[np.ndarray]] = {}
        self._files: dict[str, tuple[BinaryIO, np.dtype, list[int]]] = {}

    def __enter__(self) -> ArrayCache:
        return self

    def __exit__(self, *_error: object) -> None:
        for file, _, _ in self._files.values():
            file.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def expect(self, bytes: int) -> None:
        """Sets, before the first row, the largest total size of all arrays, in bytes."""
        self._is_on_disk = bytes > SMALL

    def append(self, name: str, block: np.ndarray) -> None:
        """Adds rows to the array of this name.

        Raises:
            DataError: they cannot be written.
        """
        if not self._is_on_disk:
            self._blocks.setdefault(name, []).append(block)
            return
        try:
            if name not in self._files:
                self._temporary.mkdir(parents=True, exist_ok=True)
                file = open(self._temporary / f"{name}.npy", "xb")  # noqa: SIM115
                self._files[name] = (file, block.dtype, [0, *block.shape[1:]])
                write_header(file, block.dtype, self._files[name][2])
            file, _, shape = self._files[name]
            file.write(np.ascontiguousarray(block).data)
            shape[0] += len(block)
        except OSError as error:
            raise unwritable(self._temporary, error) from None

    def finish(self, about: dict) -> dict[str, np.ndarray]:
        """Returns the arrays by name, those on disk as numpy.memmap; `about` is stored with them."""
        if not self._is_on_disk:
            return {name: np.concatenate(blocks) for name, blocks in self._blocks.items()}
        try:
            for file, dtype, shape in self._files.values():
                file.seek(0)
                write_header(file, dtype, shape)
                sync(file)
                file.close()
            (self._temporary / ABOUT).write_text(json.dumps({**about, "arrays": list(self._files)}), encoding="utf-8")
            delete_folder(self._folder)
            os.rename(self._temporary, self._folder)
        except OSError as error:
            raise unwritable(self._folder, error) from None
        return open_folder(self._folder)[1]


def write_header(file: BinaryIO, dtype: np.dtype, shape: list[int]) -> None:
    """Writes a .npy header; it has the same length however many rows there are."""
    fields = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(file, fields)


def open_folder(folder: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Returns what `ArrayCache.finish` stored in a folder, and marks the folder as used.

    Raises:
        OSError, ValueError, KeyError: it is missing or incomplete.
    """
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    names = [name for name in about.pop("arrays") if name.isidentifier()]
    arrays = {name: np.lib.format.open_memmap(folder / f"{name}.npy", mode="r") for name in names}
    os.utime(folder / ABOUT)
    return about, arrays


def folder_for(path: Path, sha256: str, recipe: object) -> Path:
    """Returns the folder on disk for a file's arrays, read by `recipe`.

    It lies beside an uploaded file, so that both are deleted together; for other files in the store's "cache".
    """
    store = datasets_folder()
    place = path.parent / "cache" if path.parent.parent == store else store / "cache" / sha256[:16]
    return place / hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def prune(most: int, spared: Path) -> None:
    """Deletes the least recently used folders until all have at most `most` bytes in total.

    Args:
        most: bytes.
        spared: a folder that stays.
    """
    store, found = datasets_folder(), []
    for about in [*store.glob(f"cache/*/*/{ABOUT}"), *store.glob(f"*/cache/*/{ABOUT}")]:
        try:
            size = sum(entry.stat().st_size for entry in about.parent.iterdir())
            found.append((about.parent != spared, -about.stat().st_mtime, size, about.parent))
        except OSError:
            continue
    total = 0
    for is_other, _, size, folder in sorted(found):
        total += size
        if total > most and is_other:
            # A run that has it open can still read it.
            with contextlib.suppress(OSError):
                delete_folder(folder)
            total -= size
    for parent in [*store.glob("cache/*"), *store.glob("*/cache")]:
        sweep(parent, _LEFTOVER)


def unwritable(folder: Path, error: OSError) -> DataError:
    """Returns the error for arrays that cannot be written."""
    return DataError(
        f"The unpacked arrays cannot be stored in {folder.parent}: {error.strerror or error}. Free some space, "
        "change its permissions, or choose another folder with TRAINDECK_DATASETS."
    )
