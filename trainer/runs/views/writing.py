"""Writes the frames of a live run, and keeps at most 200 of them, evenly spaced over the epochs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from trainer.runs.views.frames import FIXED, FOLDER, frame_path, list_frames
from trainer.storage import replacing

MOST = 200


class FrameWriter:
    """The frames of one run.

    When there are too many, every second one is deleted, and from then on frames are kept at twice the distance. The
    newest is always there.

    Args:
        run_folder: of the run.
        most: frames to keep.
    """

    def __init__(self, run_folder: Path, most: int = MOST):
        self._folder, self._most = run_folder, most
        self._epochs = list_frames(run_folder)
        # A resumed run keeps the distance that it had.
        is_thinned = len(self._epochs) > most // 2
        self._distance = int(np.median(np.diff(self._epochs))) if is_thinned else 1

    def write(self, epoch: int, arrays: Mapping[str, np.ndarray], fixed: Mapping[str, np.ndarray] | None) -> None:
        """Writes an epoch's frame, and what all frames share if it is given.

        Raises:
            StorageError: the disk is full, or the folder cannot be written.
        """
        (self._folder / FOLDER).mkdir(exist_ok=True)
        if fixed is not None:
            write_arrays(self._folder / FOLDER / FIXED, fixed)
        write_arrays(frame_path(self._folder, epoch), arrays)
        epochs = [known for known in self._epochs if known != epoch]
        if len(epochs) > 1 and epochs[-1] - epochs[-2] < self._distance:
            self._delete(epochs.pop())
        self._epochs = [*epochs, epoch]
        if len(self._epochs) > self._most:
            self._distance = max(1, round(2 * (epoch - epochs[0]) / len(epochs)))
            self._thin_out()

    def drop_after(self, epoch: int) -> None:
        """Deletes the frames of later epochs, and what a killed process left half-written."""
        for half in (self._folder / FOLDER).glob(".tmp-*"):
            half.unlink(missing_ok=True)
        for later in [known for known in self._epochs if known > epoch]:
            self._delete(later)
        self._epochs = [known for known in self._epochs if known <= epoch]

    def _thin_out(self) -> None:
        newest = self._epochs.pop()
        for doomed in self._epochs[1::2]:
            self._delete(doomed)
        self._epochs = [*self._epochs[::2], newest]

    def _delete(self, epoch: int) -> None:
        frame_path(self._folder, epoch).unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Replaces an NPZ file.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
