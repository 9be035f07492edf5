"""How numbers are written in a text column, and how such text becomes numbers.

An example names each format: "1,234.5" has commas between thousands and a decimal point. All formats drop currency
signs and codes, percent signs, and the parentheses of a negative amount: "$4.04" is 4.04, "19%" is 19, "(1,200)" is
-1200.

The rules are regular expressions for RE2 (Arrow, `tf.strings`) as well as for Python's `re`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

PLAIN, TEXT = "1234.5", "text"

#: Currency signs and codes, as a pattern.
CURRENCY = (
    r"(?:(?:US|R|A|C|NZ|HK)?[$€£¥₹₽₩₺₴₫₦฿¢]|USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|INR|CNY|BRL|MXN"
    r"|ZAR|KRW|TRY|kr\.?|zł|Kč|Ft|Fr\.)"
)

#: Replacements before a number is read in any format: (pattern, replacement).
CLEANING = (
    ("[\u00a0\u202f\u2009]", " "),
    (r"^\s+|\s+$", ""),
    ("’", "'"),
    ("−", "-"),
    (r"^\(([^()+-]+)\)$", r"-\1"),
    (rf"^([+-]?)\s*{CURRENCY}\s*([+-]?[\d.,])", r"\1\2"),
    (rf"([\d.,])\s*(?:{CURRENCY}|%)$", r"\1"),
)

_EXPONENT, _INFINITE = r"(?:[eE][+-]?\d+)?", r"[+-]?(?i:inf|infinity)"


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written.

    Attributes:
        decimal: the decimal sign, "." or ",".
        thousands: the separator of thousands: "", ",", ".", " " or "'".
    """

    decimal: str
    thousands: str

    @property
    def pattern(self) -> str:
        """A regular expression, without anchors, for a whole cell after `CLEANING`."""
        whole, sign = r"\d+", f"[{self.decimal}]"
        if self.thousands:
            group = f"[{self.thousands}]"
            # Thousands, or lakhs as in 12,34,567. No number with groups begins with a zero: 0,123 is a fraction.
            whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{group}\d{{3}})+|[1-9]\d?(?:{group}\d{{2}})+{group}\d{{3}})"
        return rf"(?:[+-]?(?:{whole}(?:{sign}\d*)?|{sign}\d+){_EXPONENT}|{_INFINITE})"

    @property
    def replacements(self) -> tuple[tuple[str, str], ...]:
        """Replacements that turn a cell that matches `pattern` into a plain number: (pattern, replacement)."""
        removed = ((f"[{self.thousands}]", ""),) if self.thousands else ()
        return removed + (((",", "."),) if self.decimal == "," else ())


#: The simplest first: the first one wins if several read a column alike.
FORMATS = {
    PLAIN: NumberFormat(".", ""),
    "1234,5": NumberFormat(",", ""),
    "1,234.5": NumberFormat(".", ","),
    "1.234,5": NumberFormat(",", "."),
    "1 234.5": NumberFormat(".", " "),
    "1 234,5": NumberFormat(",", " "),
    "1'234.5": NumberFormat(".", "'"),
}


Cells = TypeVar("Cells", str, pa.Array, pa.ChunkedArray)


def rewrite(cells: Cells, rules: Iterable[tuple[str, str]]) -> Cells:
    """Returns one cell, or an array of cells, after all replacements: (pattern, replacement)."""
    for pattern, replacement in rules:
        if isinstance(cells, str):
            cells = re.sub(pattern, replacement, cells)
        else:
            cells = pc.replace_substring_regex(cells, pattern, replacement)
    return cells


def parse_numbers(cells: pa.Array | pa.ChunkedArray, format: str) -> pa.Array | pa.ChunkedArray:
    """Returns the numbers that raw cells stand for, float64 (n,), null where a cell is no number in this format.

    Args:
        cells: string (n,), as in the file.
        format: a key of `FORMATS`.
    """
    cells, how = rewrite(cells, CLEANING), FORMATS[format]
    is_number = pc.match_substring_regex(cells, f"^{how.pattern}$")
    return pc.cast(pc.if_else(is_number, rewrite(cells, how.replacements), None), pa.float64())


@lru_cache(maxsize=2**14)
def read(cell: str, format: str) -> str | None:
    """Returns one cell as a plain number in a format, as text, or None."""
    cell, how = rewrite(cell, CLEANING), FORMATS[format]
    return rewrite(cell, how.replacements) if re.fullmatch(how.pattern, cell) else None


def is_number(cell: str) -> bool:
    """Whether one cell is a number in any format."""
    return any(read(cell, format) is not None for format in FORMATS)
