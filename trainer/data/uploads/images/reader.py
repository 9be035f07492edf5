"""Zips of class folders: what is in them, whether it can be trained on, and the decoded images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.archives import open_archive
from trainer.data.uploads.images.decoding import Decoding
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.prepared import Prepared, prepare
from trainer.data.uploads.report import Report
from trainer.data.uploads.shelf import Shelf

Progress = Callable[[float, str], None]
Reading = tuple[Report, DataSpec | None]

DEFAULTS = {"height": 0, "width": 0, "colour": "auto", "resize": "stretch"}


def inspect_images(
    path: Path, *, options: dict | None = None, limits: Limits | None = None, progress: Progress | None = None
) -> Report:
    """Returns what Traindeck makes of a zip of class folders.

    Args:
        path: the file.
        options: of the data set `images`, without `path`.
        limits: in force; those of the environment if None.
        progress: told how much is read.

    Raises:
        DataError: it cannot be read at all.
    """
    return prepare_images(path, options, limits=limits, progress=progress).report


def prepare_images(
    path: Path, options: dict | None = None, *, limits: Limits | None = None, progress: Progress | None = None
) -> Prepared:
    """Returns report, spec and decoded images of a zip; what was read before is not read again.

    Raises:
        DataError: it cannot be read at all.
    """
    limits = limits or Limits.from_environment()
    recipe = {name: (options or {}).get(name, default) for name, default in DEFAULTS.items()}

    def read(shelf: Shelf) -> Reading:
        with open_archive(path, limits) as archive:
            return Decoding(archive, limits, recipe, shelf, progress).read()

    return prepare(path, {"dataset": "images", **recipe}, limits, read)
