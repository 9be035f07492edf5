"""Pictures of what a model makes while it trains: reconstructions, or a GAN's samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MOST = 200


class SampleFolder:
    """Writes `epoch-000012.png` at the end of epochs, for learners that have something to show.

    Args:
        folder: made when the first picture is written.
        clock: seconds; an epoch that ends within a second of the last picture gets none.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]):
        self._folder, self._clock = folder, clock
        self._written = float("-inf")

    def add(self, epoch: int, learner, is_last: bool) -> None:
        """Writes what the learner makes now, if it makes anything and a picture is due."""
        if not is_last and self._clock() - self._written < 1:
            return
        with learner.averaged():
            pixels = learner.samples()
        if pixels is None:
            self._written = float("inf")
            return
        from PIL import Image

        self._folder.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(self._folder / f"epoch-{epoch:06d}.png")
        for old in list_samples(self._folder)[MOST:]:
            old.unlink(missing_ok=True)
        self._written = self._clock()


def list_samples(folder: Path) -> list[Path]:
    """Returns a run's pictures, newest epoch first."""
    return sorted(folder.glob("epoch-*.png"), reverse=True)
