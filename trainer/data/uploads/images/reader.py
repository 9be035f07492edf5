"""Zips of class folders: what is in them, whether it can be trained on, and the decoded images."""

from __future__ import annotations

from pathlib import Path

from trainer.data.uploads.archives import open_archive
from trainer.data.uploads.array_cache import ArrayCache
from trainer.data.uploads.images.decoding import Decoding
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded, Reading, read_once
from trainer.data.uploads.report import Progress

DEFAULTS = {"height": 0, "width": 0, "colour": "auto", "resize": "stretch"}


def load_images(
    path: Path, options: dict | None = None, *, limits: Limits | None = None, progress: Progress | None = None
) -> Loaded:
    """Returns report, spec and decoded images of a zip; what was read before is not read again.

    Raises:
        DataError: it cannot be read at all.
    """
    limits = limits or Limits.from_environment()
    recipe = {name: (options or {}).get(name, default) for name, default in DEFAULTS.items()}

    def read(cache: ArrayCache) -> Reading:
        with open_archive(path, limits) as archive:
            return Decoding(archive, limits, recipe, cache, progress).read()

    return read_once(path, {"dataset": "images", **recipe}, limits, read)
