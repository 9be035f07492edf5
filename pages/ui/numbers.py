"""One format for every number on the pages; `figure` in live_progress.js is its twin."""

from __future__ import annotations

import math

UNKNOWN = "–"
_DIGITS = 4
#: Beyond these, a plain decimal is harder to read than a power of ten.
_SMALLEST, _LARGEST = 1e-6, 1e15
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: float | None, unit: str = "") -> str:
    """Returns a measured number with 4 significant digits: "0.9722", "37,710 USD", "1.5 × 10⁻⁹".

    Args:
        value: a whole number is never rounded; None and NaN are unknown.
        unit: what it is measured in.
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    text = f"{value:,}" if isinstance(value, int) else _format_float(float(value))
    return f"{text} {unit}" if unit else text


def _format_float(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    mantissa, _, exponent = f"{value:.{_DIGITS - 1}e}".partition("e")
    power = int(exponent)
    if value and not _SMALLEST <= abs(value) < _LARGEST:
        return f"{_strip(mantissa)} × 10{str(power).translate(_SUPERSCRIPTS)}"
    # Rounded first: 99,999 has four digits only as 100,000.
    return _strip(f"{float(f'{mantissa}e{power}'):,.{max(_DIGITS - 1 - power, 0)}f}")


def _strip(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
