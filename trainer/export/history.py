"""Downloads: the measurements as CSV files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from trainer.config.registry import EXPORTS
from trainer.errors import ExportError
from trainer.runs.history import Table

_ROWS_AT_ONCE = 100_000


@EXPORTS.register(
    name="history.csv",
    label="History, every batch",
    help="One row per optimizer step: loss, metrics, learning rate, gradient norm.",
    media_type="text/csv",
    order=3,
)
def history_csv(run, path: Path) -> None:
    """Writes step, epoch, time (s of training), loss and all other columns; unmeasured values are empty."""
    write_csv(run.history, path)


@EXPORTS.register(
    name="history.parquet",
    label="History, every batch (Parquet)",
    help="The same columns as history.csv, smaller and faster to open: pandas.read_parquet.",
    media_type="application/vnd.apache.parquet",
    order=9,
)
def history_parquet(run, path: Path) -> None:
    """Writes the columns of history.csv; unmeasured values are NaN."""
    write_parquet(run.history, path)


@EXPORTS.register(
    name="epochs.csv",
    label="Epochs",
    help="One row per epoch: means over its batches, and validation metrics.",
    media_type="text/csv",
    order=4,
)
def epochs_csv(run, path: Path) -> None:
    """Writes epoch, step, time (s of training), the epoch's means and val_ columns."""
    write_csv(run.history.epochs, path)


def write_parquet(table: Table, path: Path) -> None:
    """Writes a table in blocks of rows, so that a long table is never in memory twice."""
    count = len(table)
    if not count:
        raise ExportError("Nothing has been measured yet. Wait for the first batches.")
    writer = None
    try:
        for first in range(0, count, _ROWS_AT_ONCE):
            rows = pa.table(dict(table.rows(first, min(first + _ROWS_AT_ONCE, count))))
            writer = writer or pq.ParquetWriter(path, rows.schema, compression="zstd")
            writer.write_table(rows)
    finally:
        if writer:
            writer.close()


def write_csv(table: Table, path: Path) -> None:
    """Writes a table in blocks of rows, so that a long table is never in memory twice."""
    count = len(table)
    if not count:
        raise ExportError("Nothing has been measured yet. Wait for the first batches, or the first epoch.")
    with open(path, "w", encoding="utf-8", newline="") as file:
        for first in range(0, count, _ROWS_AT_ONCE):
            frame = pd.DataFrame(table.rows(first, min(first + _ROWS_AT_ONCE, count)))
            frame.to_csv(file, index=False, header=first == 0)
