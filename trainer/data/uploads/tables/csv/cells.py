"""The cells of a CSV file: which are missing, numbers or dates."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.tables.numbers.formats import parse_numbers

#: What stands for a missing value.
MISSING = (
    "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "null", "NULL", "Null",
)  # fmt: skip

_MISSING = pa.array(MISSING)

DATE = pa.timestamp("us")


def read_cells(cells: pa.Array) -> pa.Array:
    """Returns cells as what they are.

    Args:
        cells: string (n,), missing ones null.

    Returns:
        float64, timestamp, or trimmed string (n,); of the null type where every cell is missing.
    """
    if (numbers := _cast(cells, pa.float64())) is None:
        cells = pc.utf8_trim_whitespace(cells)
        cells = pc.if_else(pc.is_in(cells, _MISSING), None, cells)
        numbers = _cast(cells, pa.float64())
    if cells.null_count == len(cells):
        return pa.nulls(len(cells))
    if numbers is not None:
        return numbers
    if (dates := _cast(cells, DATE)) is not None:
        return dates
    return cells


def read_numbers(cells: pa.Array, format: str) -> tuple[pa.Array, pa.Array]:
    """Returns the cells that are numbers, float64 (n,) with null for others, and the others: string (n,), else null."""
    cells = read_text(cells)
    numbers = parse_numbers(cells, format)
    return numbers, pc.if_else(pc.is_valid(numbers), None, cells)


def read_text(cells: pa.Array) -> pa.Array:
    """Returns trimmed cells, string (n,), null where missing."""
    cells = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.is_in(cells, _MISSING), None, cells)


def _cast(cells: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        # Arrow takes a long time to fail, so a few cells are tried first.
        pc.cast(cells[:64], kind)
        found = pc.cast(cells, kind)
    except pa.ArrowInvalid:
        return None
    # "nan" is a number to Arrow, and a missing value to everybody else.
    if pa.types.is_floating(kind) and pc.any(pc.is_nan(found)).as_py():
        found = pc.if_else(pc.is_nan(found), None, found)
    return found
