"""Tables from CSV and Parquet files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.report import Progress
from trainer.data.uploads.signatures import detect, read_head
from trainer.data.uploads.tables.csv.file import read_csv
from trainer.data.uploads.tables.parquet import read_parquet
from trainer.data.uploads.tables.table import Table
from trainer.storage import sha256_of


def read_table(
    path: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
    formats: Mapping[str, str] | None = None,
) -> Table:
    """Reads a CSV or Parquet file. Its first bytes decide which.

    Args:
        path: of the file.
        limits: in force; None: those of the environment.
        progress: called with the fraction read, in [0, 1].
        formats: how the numbers of some columns are written, by name: a key of `FORMATS`, or "text". The values of
            the other columns decide.

    Returns:
        The table: numbers, text and dates, with null for missing values.

    Raises:
        DataError: the file cannot be read as a table; the message says why, where, and what to do.
    """
    path, limits = Path(path), limits or Limits.from_environment()
    head = read_head(path)
    limits.check("bytes", path.stat().st_size, f"{plain_name(path.name)} must be", remedy="Use a smaller file")
    read = read_parquet if detect(head) == "parquet" else read_csv
    return dataclasses.replace(read(path, limits, progress, formats or {}), sha256=sha256_of(path))
