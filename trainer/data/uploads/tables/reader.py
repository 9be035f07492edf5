"""Tables from CSV and Parquet files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.signatures import detect, read_head
from trainer.data.uploads.tables.csv.file import read_csv
from trainer.data.uploads.tables.numbers.chosen import apply_formats
from trainer.data.uploads.tables.parquet.file import read_parquet
from trainer.data.uploads.tables.table import Table
from trainer.errors import DataError
from trainer.storage import sha256_of

__all__ = ["Table", "read_table"]


def read_table(
    path: Path,
    limits: Limits | None = None,
    progress: Callable[[float, str], None] | None = None,
    formats: Mapping[str, str] | None = None,
) -> Table:
    """Reads a CSV or Parquet file; which it is shows in its first bytes.

    Args:
        path: of the file.
        limits: what is allowed; those of the environment if None.
        progress: is told how much is done, in [0, 1], and what.
        formats: how the numbers of some columns are written, by name: a key of `FORMATS`, or "text". What is not
            there is decided from the column's values.

    Returns:
        The table: numbers, text and dates, with null for what is missing.

    Raises:
        DataError: it cannot be read as a table; the sentence says why, where, and what to do.
    """
    path, limits = Path(path), limits or Limits.from_environment()
    head = read_head(path)
    size = path.stat().st_size
    if size > limits.bytes:
        raise DataError(
            f"{plain_name(path.name)} has {size:,} bytes, and at most {limits.bytes:,} are allowed. Use a smaller "
            "file, or set TRAINDECK_MAX_BYTES."
        )
    if detect(head) == "parquet":
        table = apply_formats(read_parquet(path, limits, progress), formats or {})
    else:
        table = read_csv(path, limits, progress, formats)
    return dataclasses.replace(table, sha256=sha256_of(path))
