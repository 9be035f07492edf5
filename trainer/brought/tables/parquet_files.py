"""Parquet files as tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trainer.brought.limits import Limits
from trainer.brought.quoting import plain_name, quoted
from trainer.brought.report import Finding
from trainer.brought.tables.cells import DATE
from trainer.brought.tables.table import Table
from trainer.errors import DataError

#: Rows that are converted at once.
BLOCK_ROWS = 65536


def read_parquet(path: Path, limits: Limits, progress: Callable[[float, str], None] | None = None) -> Table:
    """Reads a Parquet file, leaving out columns of lists, structures and bytes with a word.

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
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            refuse_shape(name, file.metadata.num_rows, schema.names, limits)
            kept = [field.name for field in schema if kind_of(field.type) is not None]
            if len(kept) < 2:
                noun = "column" if len(kept) == 1 else "columns"
                raise DataError(
                    f"{name} has {len(kept)} {noun} of numbers, text or dates; a target and at least one more are "
                    f"needed. It has: {', '.join(f'{quoted(f.name)} ({f.type})' for f in list(schema)[:5])}."
                )
            data = gather(name, file, kept, limits, progress)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(
            f"{name} begins as a Parquet file and cannot be read as one ({reason}). It may be cut off or "
            "damaged; write or upload it once more."
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


def gather(
    name: str, file: pq.ParquetFile, columns: list[str], limits: Limits, progress: Callable[[float, str], None] | None
) -> pa.Table:
    """Returns the columns as float64, string or timestamp, read block by block."""
    batches, rows, needed = [], 0, 0
    for batch in file.iter_batches(batch_size=BLOCK_ROWS, columns=columns):
        rows, needed = rows + len(batch), needed + sum([unpacked_bytes(array) for array in batch.columns])
        if needed > limits.expanded_bytes:
            raise DataError(
                f"{name} needs more than {limits.expanded_bytes / 2**20:,.0f} MB, which is the limit; it got as far "
                f"as row {rows:,}. Take a part of it, or set TRAINDECK_MAX_EXPANDED_BYTES."
            )
        batches.append(pa.record_batch([convert(array) for array in batch.columns], names=batch.schema.names))
        if progress:
            progress(min(1.0, rows / file.metadata.num_rows), f"Reading {name}")
    return pa.Table.from_batches(batches)


def unpacked_bytes(array: pa.Array) -> int:
    """Returns how many bytes an array needs once each row holds its own value."""
    if not pa.types.is_dictionary(array.type) or kind_of(array.type) != pa.string():
        return max(8 * len(array), array.nbytes)
    lengths = pc.binary_length(array.dictionary.cast(pa.large_string()))
    return 8 * len(array) + (pc.sum(lengths.take(array.indices)).as_py() or 0)


def kind_of(kind: pa.DataType) -> pa.DataType | None:
    """Returns what a column is read as, or None for one that is left out."""
    types = pa.types
    if types.is_dictionary(kind):
        return kind_of(kind.value_type)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind):
        return pa.float64()
    if types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind) or types.is_time(kind):
        return pa.string()
    return DATE if types.is_date(kind) or types.is_timestamp(kind) else None


def convert(array: pa.Array) -> pa.Array:
    """Returns an array as float64, string or timestamp without a zone; NaN and empty text become null."""
    target = kind_of(array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type) and array.type.tz:
        array = array.cast(pa.timestamp(array.type.unit))
    array = pc.cast(array, target, safe=False)
    # Text that is not UTF-8 would otherwise be found out much later.
    array.validate(full=True)
    if pa.types.is_floating(target):
        return pc.if_else(pc.is_nan(array), None, array)
    return pc.if_else(pc.equal(array, ""), None, array) if pa.types.is_string(target) else array
