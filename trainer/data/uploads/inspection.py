"""What a data file is, and whether it can be trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.report import Report
from trainer.data.uploads.signatures import NUMPY, ZIP, first_member, is_office, read_head

#: Files of these names hold text; an archive under such a name is a mistake.
TABLES = (".csv", ".tsv", ".tab", ".txt", ".parquet")


def inspect_file(
    path: Path,
    *,
    options: dict | None = None,
    limits: Limits | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Report:
    """Looks at a file's first bytes and has it inspected as a table, as arrays, or as a zip of images.

    Args:
        path: of the file.
        options: of the data set that reads it, without `path`; what is not there is guessed.
        limits: in force; those of the environment if None.
        progress: told how much is done, in [0, 1], and what.

    Raises:
        DataError: it cannot be read at all; the sentence says why, where, and what to do.
        ConfigError: an option does not fit the file.
    """
    path, limits = Path(path), limits or Limits.from_environment()
    head = read_head(path)
    is_archive = head.startswith((ZIP, b"PK\x05\x06"))
    if head.startswith(NUMPY) or first_member(head).endswith(".npy"):
        from trainer.data.uploads.arrays.reader import inspect_arrays as inspect
    elif is_archive and not is_office(head) and path.suffix.lower() not in TABLES:
        from trainer.data.uploads.images.reader import inspect_images as inspect
    else:
        from trainer.data.uploads.tables.inspection import inspect_table as inspect
    return inspect(path, options=options, limits=limits, progress=progress)
