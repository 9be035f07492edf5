"""The cells of a CSV file: what stands for a missing one, what is a number, and what is a date."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

#: What stands for a missing value.
MISSING = (
    "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "null", "NULL", "Null",
)  # fmt: skip

_MISSING = pa.array(MISSING)
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
_COMMA_NUMBER = r"^[+-]?\d+(,\d+)?$"

DATE = pa.timestamp("us")


def read_cells(cells: pa.Array, decimal_comma: bool) -> pa.Array:
    """Returns cells as what they are.

    Args:
        cells: string (n,), missing ones null.
        decimal_comma: whether 1,5 may be one and a half.

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
    if decimal_comma and pc.all(pc.match_substring_regex(cells, _COMMA_NUMBER)).as_py():
        return pc.cast(pc.replace_substring(cells, ",", "."), pa.float64())
    return cells


def read_numbers(cells: pa.Array, decimal_comma: bool) -> tuple[pa.Array, pa.Array]:
    """Returns the cells that are numbers, float64 (n,) with null for others, and the others: string (n,), else null."""
    cells = pc.utf8_trim_whitespace(cells)
    if decimal_comma:
        written = pc.replace_substring(cells, ",", ".")
        cells = pc.if_else(pc.match_substring_regex(cells, _COMMA_NUMBER), written, cells)
    is_number = pc.match_substring_regex(cells, _NUMBER)
    is_other = pc.and_(pc.invert(is_number), pc.invert(pc.is_in(cells, _MISSING)))
    return pc.cast(pc.if_else(is_number, cells, None), pa.float64()), pc.if_else(is_other, cells, None)


def read_text(cells: pa.Array) -> pa.Array:
    """Returns trimmed cells, string (n,), null where missing."""
    cells = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.is_in(cells, _MISSING), None, cells)


def count_numbers(cells: pa.Array, decimal_comma: bool, judged: int = 1000) -> int:
    """Returns how many cells are numbers; 0 without looking further where less than half of the first are."""
    for part in (cells[:judged], cells):
        found = len(part) - read_numbers(part, decimal_comma)[0].null_count
        if 2 * found < len(part) - part.null_count:
            return 0
    return found


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
