"""How numbers are written in a text column, and how such text becomes numbers.

A format is named by an example: "1,234.5" has commas between thousands and a decimal point. In every format a currency
sign or code, a percent sign, and the parentheses of a negative amount are dropped: "$4.04" is 4.04, "19%" is 19,
"(1,200)" is -1200.

The rules are regular expressions that RE2 takes (Arrow, `tf.strings`) as well as Python's `re`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

PLAIN, TEXT = "1234.5", "text"

#: Currency signs and codes, as a pattern.
CURRENCY = (
    r"(?:(?:US|R|A|C|NZ|HK)?[$€£¥₹₽₩₺₴₫₦฿¢]|USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|INR|CNY|BRL|MXN"
    r"|ZAR|KRW|TRY|kr\.?|zł|Kč|Ft|Fr\.)"
)

#: What is replaced before a number is read in any format: (pattern, replacement).
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
        thousands: what separates thousands: "", ",", ".", " " or "'".
    """

    decimal: str
    thousands: str

    @property
    def pattern(self) -> str:
        """What a whole cell looks like once `CLEANING` is done; without anchors."""
        whole, sign = r"\d+", f"[{self.decimal}]"
        if self.thousands:
            group = f"[{self.thousands}]"
            # Thousands, or lakhs as in 12,34,567. No group begins with a zero: 0,123 is a fraction.
            whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{group}\d{{3}})+|[1-9]\d?(?:{group}\d{{2}})+{group}\d{{3}})"
        return rf"(?:[+-]?(?:{whole}(?:{sign}\d*)?|{sign}\d+){_EXPONENT}|{_INFINITE})"

    @property
    def replacements(self) -> tuple[tuple[str, str], ...]:
        """What turns a cell that matches `pattern` into a plain number, in order: (pattern, replacement)."""
        removed = ((f"[{self.thousands}]", ""),) if self.thousands else ()
        return removed + (((",", "."),) if self.decimal == "," else ())


#: The simplest first: the first of those that read a column alike is chosen.
FORMATS = {
    PLAIN: NumberFormat(".", ""),
    "1234,5": NumberFormat(",", ""),
    "1,234.5": NumberFormat(".", ","),
    "1.234,5": NumberFormat(",", "."),
    "1 234.5": NumberFormat(".", " "),
    "1 234,5": NumberFormat(",", " "),
    "1'234.5": NumberFormat(".", "'"),
}


def parse_numbers(cells: pa.Array | pa.ChunkedArray, format: str) -> pa.Array | pa.ChunkedArray:
    """Returns the numbers that raw cells stand for, float64 (n,), null where a cell is no number in this format.

    Args:
        cells: string (n,), as in the file.
        format: a key of `FORMATS`.
    """
    cells, how = clean(cells), FORMATS[format]
    is_number = pc.match_substring_regex(cells, f"^{how.pattern}$")
    for pattern, replacement in how.replacements:
        cells = pc.replace_substring_regex(cells, pattern, replacement)
    return pc.cast(pc.if_else(is_number, cells, None), pa.float64())


def clean(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Returns cells without what is around a number: spaces, currency, percent sign, parentheses."""
    for pattern, replacement in CLEANING:
        cells = pc.replace_substring_regex(cells, pattern, replacement)
    return cells
