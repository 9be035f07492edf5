"""Parquet files as tables."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Progress, warning
from trainer.data.uploads.tables import parquet_decoding as decoding
from trainer.data.uploads.tables.numbers.formats import TEXT, parse_numbers
from trainer.data.uploads.tables.table import NumberDecision, Table
from trainer.errors import DataError

#: Bytes that decoding may need in addition to twice the file; one page of a column can hold all of its values.
ROOM = 2**29


def read_parquet(path: Path, limits: Limits, progress: Progress | None, formats: Mapping[str, str]) -> Table:
    """Reads a Parquet file. Columns of lists, structures and bytes are left out and reported.

    Args:
        path: of the file.
        limits: in force.
        progress: called with the fraction read, in [0, 1].
        formats: number formats that the user chose, by column; columns that do not exist are ignored.

    Raises:
        DataError: the file is damaged, too large or empty, or has two columns of the same name.
    """
    name = plain_name(path.name)
    try:
        schema, rows = pq.read_schema(path), pq.read_metadata(path).num_rows
        refuse_shape(name, rows, schema.names, limits)
        kinds = {field.name: decoding.kind_of(field.type) for field in schema}
        kept = [column for column, kind in kinds.items() if kind is not None]
        if len(kept) < 2:
            noun = "column" if len(kept) == 1 else "columns"
            raise DataError(
                f"{name} has {len(kept)} {noun} of numbers, text or dates; a target and at least one more are "
                f"needed. It has: {', '.join(f'{quoted(f.name)} ({f.type})' for f in list(schema)[:5])}."
            )
        # Text stays as its different values until its unpacked size is known: kilobytes can claim terabytes.
        texts = [column for column, kind in kinds.items() if kind == pa.string()]
        data = read_columns(path, rows, kept, texts, limits, progress)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(
            f"{name} begins as a Parquet file and cannot be read as one ({reason}). It may be cut off or "
            "damaged; write or upload it again."
        ) from None
    for column, format in formats.items():
        if column in data.column_names:
            data = data.set_column(data.column_names.index(column), column, apply_format(data[column], format))
    return Table(
        data,
        tuple(
            warning(f"column {quoted(field.name)}", f"It holds {field.type} values and is left out.")
            for field in schema
            if kinds[field.name] is None
        ),
        details={"format": "parquet", "skipped": {"count": 0, "rows": []}},
        decisions={column: NumberDecision(format) for column, format in formats.items()},
    )


def apply_format(values: pa.ChunkedArray, format: str) -> pa.ChunkedArray:
    """Returns a text column as numbers, or a column of numbers as text, as the user's format says."""
    if pa.types.is_string(values.type) and format != TEXT:
        return parse_numbers(values, format)
    if pa.types.is_floating(values.type) and format == TEXT:
        is_whole = pc.all(pc.equal(values, pc.floor(values))).as_py()
        is_small = pc.all(pc.less(pc.abs(values), 2.0**53)).as_py()
        return (values.cast(pa.int64()) if is_whole and is_small else values).cast(pa.string())
    return values


def refuse_shape(name: str, rows: int, columns: list[str], limits: Limits) -> None:
    """Raises DataError for a table with too many rows or columns, no rows, or two columns of the same name."""
    limits.check("rows", rows, f"{name} must have")
    limits.check("columns", len(columns), f"{name} must have", remedy="Leave some out")
    limits.check("expanded_bytes", rows * len(columns) * 8, f"As numbers {name} must take")
    if not rows:
        raise DataError(f"{name} has columns and no rows. Write it with its data.")
    for place, column in enumerate(columns):
        if column in columns[:place]:
            raise DataError(
                f"{name} has two columns called {quoted(column)}: number {columns.index(column) + 1} and number "
                f"{place + 1}. Rename one of them."
            )


def read_columns(
    path: Path, rows: int, columns: list[str], texts: list[str], limits: Limits, progress: Progress | None
) -> pa.Table:
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
            # The exit code explains a stream that breaks off.
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
    # If memory runs out inside Arrow, the process ends without a message.
    if code or not batches:
        most = limits.expanded_bytes if code == decoding.TOO_LARGE else asked["memory"]
        remedy = "or set TRAINDECK_MAX_EXPANDED_BYTES" if most == limits.expanded_bytes else "or write smaller pages"
        raise DataError(
            f"{name} needs more than {most / 2**20:,.0f} MB, which is the limit for it; {done:,} rows were read. "
            f"Take a part of it, {remedy}."
        )
    return pa.Table.from_batches(batches)
