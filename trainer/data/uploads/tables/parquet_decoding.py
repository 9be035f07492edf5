"""Decodes a Parquet file in a process of its own, whose memory the system limits.

Kilobytes of Parquet can unpack to gigabytes before the first row is complete, whatever the file declares. This file
runs as a script and imports nothing else of the project. It writes an Arrow stream to standard output.
"""

from __future__ import annotations

import contextlib
import json
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: Rows that are converted at a time.
BLOCK_ROWS = 16384

DATE = pa.timestamp("us")
#: Exit codes: the columns need more bytes than allowed, the process ran out of memory, the file is damaged.
TOO_LARGE, OUT_OF_MEMORY, DAMAGED = 3, 4, 5


def kind_of(kind: pa.DataType) -> pa.DataType | None:
    """Returns the type that a column is read as, or None for a column that is left out."""
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
    # Otherwise text that is not UTF-8 would fail much later.
    array.validate(full=True)
    if pa.types.is_floating(target):
        return pc.if_else(pc.is_nan(array), None, array)
    return pc.if_else(pc.equal(array, ""), None, array) if pa.types.is_string(target) else array


def unpacked_bytes(array: pa.Array) -> int:
    """Returns how many bytes an array needs when each row holds its own value."""
    if not pa.types.is_dictionary(array.type) or kind_of(array.type) != pa.string():
        return max(8 * len(array), array.nbytes)
    lengths = pc.binary_length(array.dictionary.cast(pa.large_string()))
    return 8 * len(array) + (pc.sum(lengths.take(array.indices)).as_py() or 0)


def limit_memory(extra: int) -> None:
    """Limits this process to `extra` bytes more than it uses now, where the system allows that."""
    # Some systems have no /proc, or no limits.
    with contextlib.suppress(OSError, ImportError, ValueError):
        import resource

        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + extra, now + extra))


def decode(path: str, columns: list[str], texts: list[str], most: int, out) -> int:
    """Writes the columns as an Arrow stream; returns 0, or `TOO_LARGE` where they need more than `most` bytes.

    Args:
        path: of the file.
        columns: the names of the columns to read.
        texts: those of them that stay dictionaries until their unpacked size is known.
        most: bytes that all columns may need.
        out: a binary file.
    """
    needed, writer = 0, None
    with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=BLOCK_ROWS, columns=columns, use_threads=False):
            needed += sum(unpacked_bytes(array) for array in batch.columns)
            if needed > most:
                return TOO_LARGE
            made = pa.record_batch([convert(array) for array in batch.columns], names=batch.schema.names)
            writer = writer or pa.ipc.new_stream(out, made.schema)
            writer.write_batch(made)
    if writer:
        writer.close()
    return 0


def main() -> int:
    """Runs `decode` with the arguments on standard input; an error goes to standard error as one line."""
    asked = json.loads(sys.stdin.read())
    pa.set_cpu_count(1)
    limit_memory(asked.pop("memory"))
    try:
        try:
            return decode(**asked, out=sys.stdout.buffer)
        except OSError as error:
            # Arrow cannot make a dictionary of text in some encodings; it fails before the first block.
            if "Not yet implemented" not in str(error):
                raise
            return decode(**asked | {"texts": []}, out=sys.stdout.buffer)
    except (MemoryError, pa.ArrowMemoryError):
        return OUT_OF_MEMORY
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        print(" ".join(str(error).split())[:160], file=sys.stderr)
        return DAMAGED


if __name__ == "__main__":
    sys.exit(main())
