"""One format for every number on the pages."""

import math
from decimal import Decimal

import numpy as np
import pytest

from pages.ui.numbers import format_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.97222222, "0.9722"),
        (0.97, "0.9700"),
        (37_712.4, "37,710"),
        (99_999.0, "100,000"),
        (1_234_567, "1,234,567"),
        (1_234_567.0, "1,235,000"),
        (-0.00123456, "-0.001235"),
        (1.5e-9, "1.500×10⁻⁹"),
        (2.5e20, "2.500×10²⁰"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_four_digits_and_thousands_separators(value, text):
    assert format_number(value) == text


def test_a_unit_follows_the_number():
    assert format_number(37_700.0, "USD") == "37,700 USD"


def test_plain_numbers_equal_rounding_to_four_significant_digits():
    for value in np.random.default_rng(0).lognormal(0, 8, 2_000):
        if 1e-4 <= value < 0.9e9:
            shown = format_number(float(value))
            assert "e" not in shown
            assert Decimal(shown.replace(",", "")) == Decimal(f"{value:.3e}")
