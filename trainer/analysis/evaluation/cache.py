"""Predictions kept in the run's own folder, so that they are deleted with the run."""

from __future__ import annotations

import contextlib
import os
import zipfile
from pathlib import Path

import numpy as np

from trainer.analysis.evaluation.predictions import Predictions
from trainer.data.npz import read_npz
from trainer.storage import replacing

#: Files kept for each run; the newest ones.
MOST = 4


def cache_file(folder: Path, digest: str, split: str) -> Path:
    """Returns where the predictions of a checkpoint are kept.

    Args:
        folder: of the run.
        digest: of the checkpoint's state.
        split: its name.
    """
    return folder / "analysis" / f"{digest[:32]}-{split}.npz"


def read_predictions(path: Path) -> Predictions | None:
    """Returns what the file holds; None if it is missing or damaged."""
    try:
        found = read_npz(path)
        text = {name: str(found[name]) for name in ("task", "split", "digest")}
        kept = Predictions(**text, step=int(found["step"]), y=found["y"], output=found["output"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return kept


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Writes the file whole or not at all, and deletes the oldest beyond `MOST`.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
        FileNotFoundError: the run was deleted in the meantime.
    """
    # Not its parents: a deleted run stays deleted.
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        names = ("task", "split", "step", "digest", "y", "output")
        np.savez(file, **{name: getattr(predictions, name) for name in names})
    kept = []
    for other in path.parent.glob("[!.]*.npz"):
        with contextlib.suppress(OSError):
            kept.append((other.stat().st_mtime, other))
    for _, old in sorted(kept, reverse=True)[MOST:]:
        old.unlink(missing_ok=True)
