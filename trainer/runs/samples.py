"""Images that a model produces while it trains: reconstructions, or samples of a GAN."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainer.storage import replacing

MOST = 200


def write_sample(folder: Path, epoch: int, pixels: np.ndarray) -> None:
    """Writes `epoch-000012.png` and deletes the oldest beyond `MOST`."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    with replacing(folder / f"epoch-{epoch:06d}.png") as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
    for old in list_samples(folder)[MOST:]:
        old.unlink(missing_ok=True)


def list_samples(folder: Path) -> list[Path]:
    """Returns a run's sample images, newest epoch first."""
    return sorted(folder.glob("epoch-*.png"), reverse=True)
