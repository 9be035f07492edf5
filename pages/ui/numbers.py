"""One format for every measured number on the pages; live_chart's JavaScript has its twin."""

from __future__ import annotations

import math

UNKNOWN = "–"
_DIGITS = 4
#: Outside these, a plain decimal is harder to read than a power of ten.
_SMALLEST, _LARGEST = 1e-4, 1e9
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: float | None, unit: str = "") -> str:
    """Returns a measured number with 4 significant digits: "0.9722", "37,710 USD", "1.500×10⁻⁹".

    Args:
        value: a whole number is never rounded; None, NaN and infinities are unknown.
        unit: what it is measured in.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:,}" if isinstance(value, int) else _format_float(float(value))
    return f"{text} {unit}" if unit else text


def _format_float(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{_DIGITS - 1}e}".partition("e")
    power = int(exponent)
    # Rounded first: 99,999 has four digits only as 100,000.
    rounded = float(f"{mantissa}e{power}")
    if not _SMALLEST <= abs(rounded) < _LARGEST:
        return f"{mantissa}×10{str(power).translate(_SUPERSCRIPTS)}"
    return f"{rounded:,.{max(_DIGITS - 1 - power, 0)}f}"
