"""Parquet files as tables."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Finding
from trainer.data.uploads.tables.parquet import decoding
from trainer.data.uploads.tables.parquet.decoding import kind_of
from trainer.data.uploads.tables.table import Table
from trainer.errors import DataError

#: Bytes that decoding may need beside twice the file: a column's page can hold all of its values.
ROOM = 2**29


def read_parquet(path: Path, limits: Limits, progress: Callable[[float, str], None] | None = None) -> Table:
    """Reads a Parquet file. Columns of lists, structures and bytes are left out and reported.

    Args:
        path: of the file.
        limits: what is allowed.
        progress: is told how much is done, in [0, 1], and what.

    Raises:
        DataError: it is damaged, too large, empty, or has two columns of the same name.
    """
    name = plain_name(path.name)
    try:
        schema = pq.read_schema(path)
        # Text stays as its different values until it is known how much it unpacks to: kilobytes can claim terabytes.
        texts = [field.name for field in schema if kind_of(field.type) == pa.string()]
        rows = pq.read_metadata(path).num_rows
        refuse_shape(name, rows, schema.names, limits)
        kept = [field.name for field in schema if kind_of(field.type) is not None]
        if len(kept) < 2:
            noun = "column" if len(kept) == 1 else "columns"
            raise DataError(
                f"{name} has {len(kept)} {noun} of numbers, text or dates; a target and at least one more are "
                f"needed. It has: {', '.join(f'{quoted(f.name)} ({f.type})' for f in list(schema)[:5])}."
            )
        data = read_columns(path, rows, kept, texts, limits, progress)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(
            f"{name} begins as a Parquet file and cannot be read as one ({reason}). It may be cut off or "
            "damaged; write or upload it again."
        ) from None
    findings = [
        Finding("warning", f"column {quoted(field.name)}", f"It holds {field.type} values and is left out.")
        for field in schema
        if field.name not in kept
    ]
    return Table(data, tuple(findings), "", {"format": "parquet", "skipped": {"count": 0, "rows": []}})


def refuse_shape(name: str, rows: int, columns: list[str], limits: Limits) -> None:
    """Raises DataError for a table with too many rows or columns, none, or two columns of the same name."""
    if rows > limits.rows:
        raise DataError(
            f"{name} has {rows:,} rows, and at most {limits.rows:,} are allowed. Take a part of them, or set "
            "TRAINDECK_MAX_ROWS."
        )
    if len(columns) > limits.columns:
        raise DataError(
            f"{name} has {len(columns):,} columns, and at most {limits.columns:,} are allowed. Leave some out, or set "
            "TRAINDECK_MAX_COLUMNS."
        )
    if rows * len(columns) * 8 > limits.expanded_bytes:
        raise DataError(
            f"{name} needs {rows * len(columns) * 8 / 2**20:,.0f} MB as numbers, and at most "
            f"{limits.expanded_bytes / 2**20:,.0f} are allowed. Take a part, or set TRAINDECK_MAX_EXPANDED_BYTES."
        )
    if not rows:
        raise DataError(f"{name} has columns and no rows. Write it with its data.")
    for place, column in enumerate(columns):
        if column in columns[:place]:
            raise DataError(
                f"{name} has two columns called {quoted(column)}: number {columns.index(column) + 1} and number "
                f"{place + 1}. Rename one of them."
            )


def read_columns(
    path: Path, rows: int, columns: list[str], texts: list[str], limits: Limits,
    progress: Callable[[float, str], None] | None,
) -> pa.Table:  # fmt: skip
    """Returns the columns as float64, string or timestamp, decoded block by block in a process of limited memory."""
    name = plain_name(path.name)
    asked = {"path": str(path), "columns": columns, "texts": texts, "most": limits.expanded_bytes}
    asked["memory"] = min(ROOM + 2 * path.stat().st_size, ROOM + limits.expanded_bytes)
    batches, done = [], 0
    with tempfile.TemporaryFile() as errors, subprocess.Popen(
        [sys.executable, "-P", decoding.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        env=os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        try:
            process.stdin.write(json.dumps(asked).encode())
            process.stdin.close()
            # A stream that breaks off is explained by how the process ended.
            with contextlib.suppress(pa.ArrowInvalid, OSError):
                for batch in pa.ipc.open_stream(process.stdout):
                    batches.append(batch)
                    done += len(batch)
                    if progress:
                        progress(min(1.0, done / rows), f"Reading {name}")
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        errors.seek(0)
        reason = errors.read().decode(errors="replace").strip()
    if code == decoding.DAMAGED:
        raise pa.ArrowInvalid(reason)
    # Where memory runs out inside Arrow, the process ends without a message.
    if code or not batches:
        most = limits.expanded_bytes if code == decoding.TOO_LARGE else asked["memory"]
        remedy = "or set TRAINDECK_MAX_EXPANDED_BYTES" if most == limits.expanded_bytes else "or write smaller pages"
        raise DataError(
            f"{name} needs more than {most / 2**20:,.0f} MB, which is the limit for it; {done:,} rows were read. "
            f"Take a part of it, {remedy}."
        )
    return pa.Table.from_batches(batches)
