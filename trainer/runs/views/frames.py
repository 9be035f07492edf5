"""Reads the frames of a run: `views/epoch-000012.npz`, and what they share in `views/fixed.npz`.

What the arrays are is said in `trainer.training.views`, in the file of each kind.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from trainer.data.npz import read_npz

FOLDER, FIXED = "views", "fixed.npz"
#: Bytes of a frame's arrays, at most. A run may come from elsewhere.
MOST_BYTES = 2**26
#: What reading raises. MemoryError: the header claims too much. NotImplementedError: an unknown compression.
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    NotImplementedError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def list_frames(run_folder: Path) -> list[int]:
    """Returns the epochs that have a frame, in order."""
    names = (path.stem.removeprefix("epoch-") for path in (run_folder / FOLDER).glob("epoch-*.npz"))
    return sorted(int(name) for name in names if name.isdigit())


def frame_path(run_folder: Path, epoch: int) -> Path:
    """Returns where an epoch's frame is stored."""
    return run_folder / FOLDER / f"epoch-{epoch:06d}.npz"


def read_frame(run_folder: Path, epoch: int) -> dict[str, np.ndarray] | None:
    """Returns an epoch's arrays by name; None if they are missing or damaged."""
    return read_arrays(frame_path(run_folder, epoch))


def read_fixed(run_folder: Path) -> dict[str, np.ndarray] | None:
    """Returns what all frames share, such as the examples; None if it is missing or damaged."""
    return read_arrays(run_folder / FOLDER / FIXED)


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """Returns the arrays of an NPZ file, or None if it is missing, damaged or too large."""
    try:
        with zipfile.ZipFile(path) as file:
            if sum(member.file_size for member in file.infolist()) > MOST_BYTES:
                return None
        return read_npz(path)
    except _DAMAGE:
        return None
