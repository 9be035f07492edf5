"""Chooses the reader of a file, to inspect it for a report or to load it for training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.data.progress import report as report_progress
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded
from trainer.data.uploads.report import Progress, Report
from trainer.data.uploads.signatures import DATASET_OF, STORED_NAMES, detect, read_head

#: File names of tables; an archive with such a name is a mistake.
TABLES = (".csv", ".tsv", ".tab", ".txt", ".parquet")


def inspect(
    path: Path, *, options: dict | None = None, limits: Limits | None = None, progress: Progress | None = None
) -> Report:
    """Inspects a file as a table, as arrays or as a zip of images. Its first bytes decide which.

    Args:
        path: the file.
        options: of the data set that reads it, without `path`; missing ones are guessed.
        limits: in force; None: those of the environment.
        progress: called with the fraction done, in [0, 1], and what is being done.

    Raises:
        DataError: the file cannot be read at all; the message says why, where, and what to do.
        ConfigError: an option does not fit the file.
    """
    path, limits = Path(path), limits or Limits.from_environment()
    kind = detect(read_head(path))
    dataset = DATASET_OF[STORED_NAMES[kind]]
    if dataset == "csv" or kind == "office" or (kind == "zip" and path.suffix.lower() in TABLES):
        from trainer.data.uploads.tables.inspecting import inspect_table

        return inspect_table(path, options=options, limits=limits, progress=progress)
    return _loader(dataset)(path, options, limits=limits, progress=progress).report


def load(path: Path, dataset: str, options: dict[str, Any]) -> Loaded:
    """Returns a file's spec and arrays. The file is read again only if it changed.

    Args:
        path: the file.
        dataset: the entry of `DATASETS` that reads it: "csv", "npz" or "images".
        options: of that entry, complete, without `path`.

    Raises:
        ConfigError: an option does not fit the file.
        DataError: the file cannot be read, or cannot be trained on.
    """
    if dataset == "csv":
        from trainer.data.uploads.tables.inspecting import load_table

        return load_table(path, options)
    return _loader(dataset)(path, options, progress=lambda fraction, text: report_progress(text, fraction)).ready()


def _loader(dataset: str) -> Callable[..., Loaded]:
    if dataset == "npz":
        from trainer.data.uploads.arrays.reader import load_arrays as load_with
    else:
        from trainer.data.uploads.images.reader import load_images as load_with
    return load_with
