"""The records of a CSV file in blocks, their widths checked: nothing is shifted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.csv

from trainer.data.uploads.tables.csv.decoded_file import BLOCK_BYTES, DecodedFile, Lent
from trainer.data.uploads.tables.csv.dialect import Dialect

#: With more ragged records than this, and more than a tenth of all, reading is given up.
TOLERATED = 1000

#: Small blocks are joined until they have so many rows, or bytes.
ENOUGH_ROWS, MOST_BYTES = 4096, 16 * 2**20


@dataclass
class Ragged:
    """Records with more or fewer fields than the header.

    Attributes:
        records: their numbers, counted from 0 below the header without blank lines.
        widths: how many fields the first of them have.
        is_hopeless: whether there were so many that reading was given up.
    """

    records: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    is_hopeless: bool = False

    def add(self, row: pyarrow.csv.InvalidRow) -> str:
        """Takes note of one, and says what is to be done with it."""
        self.records.append(row.number - 1)
        if len(self.widths) < TOLERATED:
            self.widths.append(row.actual_columns)
        self.is_hopeless = len(self.records) > TOLERATED and len(self.records) > 0.1 * row.number
        return "error" if self.is_hopeless else "skip"


def read_records(
    file: DecodedFile, dialect: Dialect, ragged: Ragged, columns: list[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yields the records below the header in blocks, leaving out ragged ones.

    Args:
        file: the file, from its beginning.
        dialect: how it is written.
        ragged: takes note of what is left out.
        columns: the places of those that are wanted; all if None.

    Yields:
        string columns, named by their places: "0", "1", …; nothing is missing in them yet.

    Raises:
        DataError: bytes that are no text.
        UnicodeDecodeError: bytes that are not in the encoding.
        pyarrow.ArrowInvalid: a record that is longer than a block.
    """
    yield from group(_parse(file, dialect, ragged, columns))


def group(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yields small batches, as a table of many columns has, joined to larger ones: each call on a column costs time."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= ENOUGH_ROWS or len(held) * BLOCK_BYTES >= MOST_BYTES:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _parse(file: DecodedFile, dialect: Dialect, ragged: Ragged, columns: list[int] | None) -> Iterator[pa.RecordBatch]:
    names = [str(place) for place in range(len(dialect.names))]
    chosen = names if columns is None else [str(place) for place in columns]
    lent = Lent(file)
    try:
        yield from pyarrow.csv.open_csv(
            pa.PythonFile(lent.take(), mode="r"),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=dialect.separator, newlines_in_values=True, invalid_row_handler=ragged.add
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=chosen, strings_can_be_null=False,
                check_utf8=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as error:
        if ragged.is_hopeless:
            return
        if file.failure:
            raise file.failure from None
        if "Empty CSV file" not in str(error):
            raise
    finally:
        lent.wait()
