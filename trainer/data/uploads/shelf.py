"""Where the arrays of a brought file are kept from reading on: in memory, or on disk where they are large."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import BinaryIO

import numpy as np

from trainer.data.uploads.limits import datasets_folder
from trainer.errors import DataError

#: Arrays of at most so many bytes together stay in memory.
SMALL = 64 << 20
ABOUT = "about.json"
#: What a crash left behind is removed after so many seconds.
_LEFTOVER = 86_400


class Shelf:
    """Takes arrays block by block and gives them back as a whole; used as a context manager.

    On disk they are written to a folder of a temporary name, which gets its own name when all is there. What
    has no name by the end of the block is removed.

    Args:
        folder: where they are kept on disk.
    """

    def __init__(self, folder: Path):
        self._folder, self._is_on_disk = folder, False
        self._temporary = folder.with_name(f".part-{secrets.token_hex(8)}")
        self._blocks: dict[str, list[np.ndarray]] = {}
        self._files: dict[str, tuple[BinaryIO, np.dtype, list[int]]] = {}

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *_error: object) -> None:
        for file, _, _ in self._files.values():
            file.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def expect(self, bytes: int) -> None:
        """Says, before the first row, how large all arrays will be together at most."""
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
        """Returns the arrays by name, those on disk as numpy.memmap; `about` is kept with these."""
        if not self._is_on_disk:
            return {name: np.concatenate(blocks) for name, blocks in self._blocks.items()}
        try:
            for file, dtype, shape in self._files.values():
                file.seek(0)
                write_header(file, dtype, shape)
                file.flush()
                os.fsync(file.fileno())
                file.close()
            (self._temporary / ABOUT).write_text(json.dumps({**about, "arrays": list(self._files)}), encoding="utf-8")
            shutil.rmtree(self._folder, ignore_errors=True)
            os.rename(self._temporary, self._folder)
        except OSError as error:
            raise unwritable(self._folder, error) from None
        return open_folder(self._folder)[1]


def write_header(file: BinaryIO, dtype: np.dtype, shape: list[int]) -> None:
    """Writes a .npy header; it has the same length however many rows there are."""
    fields = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(file, fields)


def open_folder(folder: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Returns what `Shelf.finish` kept in a folder, and marks it as used.

    Raises:
        OSError, ValueError, KeyError: it is not there, or not whole.
    """
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    names = [name for name in about.pop("arrays") if name.isidentifier()]
    arrays = {name: np.lib.format.open_memmap(folder / f"{name}.npy", mode="r") for name in names}
    os.utime(folder / ABOUT)
    return about, arrays


def folder_for(path: Path, sha256: str, recipe: object) -> Path:
    """Returns where the arrays of a file are kept on disk, read by `recipe`.

    It lies beside a file of the `DatasetStore`, and goes with it; else in the store's folder, under "cache".
    """
    store = datasets_folder()
    place = path.parent / "cache" if path.parent.parent == store else store / "cache" / sha256[:16]
    return place / hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def prune(most: int, spared: Path) -> None:
    """Removes the least recently used folders until all of them together have at most `most` bytes.

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
            # What a run has open stays readable until it closes it.
            shutil.rmtree(folder, ignore_errors=True)
            total -= size
    for part in [*store.glob("cache/*/.part-*"), *store.glob("*/cache/.part-*")]:
        if time.time() - part.stat().st_mtime > _LEFTOVER:
            shutil.rmtree(part, ignore_errors=True)


def unwritable(folder: Path, error: OSError) -> DataError:
    """Returns the error for arrays that cannot be kept."""
    return DataError(
        f"The unpacked arrays cannot be kept in {folder.parent}: {error.strerror or error}. Make room, change its "
        "rights, or choose another folder with TRAINDECK_DATASETS."
    )
