"""Pictures of runs of earlier versions, which wrote one PNG image per epoch: reconstructions, or images of a GAN."""

from __future__ import annotations

from pathlib import Path


def list_pictures(run_folder: Path) -> dict[int, Path]:
    """Returns a run's pictures by epoch, in order; newer runs have none."""
    found = {}
    for path in sorted((run_folder / "samples").glob("epoch-*.png")):
        if path.stem.removeprefix("epoch-").isdigit():
            found[int(path.stem.removeprefix("epoch-"))] = path
    return found
