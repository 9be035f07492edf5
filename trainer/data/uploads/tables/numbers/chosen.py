"""Number formats that the user chose for a Parquet file, whose columns have types of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.tables.numbers.formats import TEXT, parse_numbers
from trainer.data.uploads.tables.table import NumberDecision, Table


def apply_formats(table: Table, formats: Mapping[str, str]) -> Table:
    """Returns a table with text columns read as numbers, and columns of numbers as text, as the formats say.

    Args:
        table: as it was read.
        formats: by column; see `read_table`. Columns that are not there are skipped.
    """
    data = table.data
    for name, format in formats.items():
        if name not in data.column_names:
            continue
        values = data[name]
        if pa.types.is_string(values.type) and format != TEXT:
            values = parse_numbers(values, format)
        elif pa.types.is_floating(values.type) and format == TEXT:
            is_whole = pc.all(pc.equal(values, pc.floor(values))).as_py()
            is_small = pc.all(pc.less(pc.abs(values), 2.0**53)).as_py()
            values = (values.cast(pa.int64()) if is_whole and is_small else values).cast(pa.string())
        data = data.set_column(data.column_names.index(name), name, values)
    decisions = {name: NumberDecision(format) for name, format in formats.items()}
    return dataclasses.replace(table, data=data, decisions=decisions)
