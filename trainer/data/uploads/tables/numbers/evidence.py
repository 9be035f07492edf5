"""Decides from all values of a text column how its numbers are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.uploads.tables.numbers.formats import (
    CLEANING,
    CURRENCY,
    FORMATS,
    PLAIN,
    TEXT,
    is_number,
    read,
    rewrite,
)
from trainer.data.uploads.tables.table import NumberDecision

#: Minimum fraction of numeric values in a numeric column. Other values count as missing and are reported.
MOSTLY = 0.9

#: Above this fraction, values that contradict a format are no typing errors.
RARE = 0.05

#: Numbers have at most this many shapes and characters; text has more. A sample of the first block tells them apart.
MOST_SHAPES, JUDGED, LONGEST = 2000, 1000, 64

# Makes the shape of a cell, whatever its digits: "999,990 €" for "203,450 €". A first and a last 0 stay, because they
# tell formats apart. Long runs are cut, so that few shapes are left.
_SHAPING = (
    ("[\u00a0\u202f\u2009]", " "),
    (r"^([^0-9]*)0", r"\1o"),
    (r"0([^0-9]*)$", r"z\1"),
    (r"[0-9]", "9"),
    (r"9{4,}", "9999"),
    (r"[oz]", "0"),
)
_POINT_AND_THREE = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"


class NumberEvidence:
    """Counts the shapes of a column's cells, block by block.

    Attributes:
        values: number of cells that are not missing.
        shapes: number of cells of each shape, among those that may be numbers.
    """

    def __init__(self):
        self.values, self.shapes = 0, Counter[str]()
        self._examples: dict[str, str] = {}
        self._leading_zero = ""
        self._is_text = self._has_decimals = False

    def add_text(self, cells: pa.Array) -> None:
        """Takes trimmed cells, string (n,), null where missing."""
        cells = cells.drop_null()
        before, self.values = self.values, self.values + len(cells)
        if self._is_text or not len(cells):
            return
        # Longer text is no number. It is counted, but not kept.
        cells = cells.filter(pc.less_equal(pc.binary_length(cells), LONGEST))
        few = rewrite(cells[:: max(1, len(cells) // JUDGED)], _SHAPING)
        if not len(few) or 2 * sum(count for one, count in _counts(few) if is_number(one)) < len(few):
            self._is_text = not before
            return
        shapes = rewrite(cells, _SHAPING)
        for one, count in _counts(shapes):
            if one not in self.shapes:
                self._examples[one] = cells[pc.index(shapes, one).as_py()].as_py()
            self.shapes[one] += count
        self._is_text = len(self.shapes) > MOST_SHAPES
        self._find_leading_zero(cells)

    def add_plain(self, cells: pa.Array, numbers: pa.Array) -> None:
        """Takes cells that Arrow reads as numbers; `numbers`: float64 (n,), null where missing."""
        present = len(numbers) - numbers.null_count
        if not self._has_decimals and pc.any(pc.match_substring(cells, ".")).as_py():
            cells = pc.utf8_trim_whitespace(cells)
            has_point = pc.sum(pc.match_substring(cells, ".")).as_py()
            decimals = has_point - (pc.sum(pc.match_substring_regex(cells, _POINT_AND_THREE)).as_py() or 0)
            if decimals < RARE * has_point:
                # The point may stand between thousands.
                self.add_text(pc.if_else(pc.is_valid(numbers), cells, None))
                return
            self._has_decimals = True
        self.values += present
        if self._has_decimals:
            self.shapes["9.9"] += present
            return
        small = pc.sum(pc.less(pc.abs(numbers), 1000)).as_py() or 0
        self.shapes += Counter({"999": small, "9999": present - small})
        self._find_leading_zero(cells)

    def decide(self, separator: str, decimals: Iterable[str] = ()) -> NumberDecision:
        """Returns how the numbers are written.

        Args:
            separator: of the file's fields.
            decimals: the decimal signs that other columns of the file certainly have.
        """
        best, rivals = self._viable()
        if self._is_text or not best:
            return NumberDecision(TEXT)
        units, has_mixed_units = self._units()
        if not rivals:
            others = (TEXT,) if has_mixed_units else ()
            example = self._example(best)
            return NumberDecision(best, others, has_mixed_units, example, units, self._leading_zero)
        rival = rivals[0]
        by_thousands, by_decimals = best, rival
        if FORMATS[best].thousands != FORMATS[rival].decimal:
            by_thousands, by_decimals = rival, best
        sign = FORMATS[by_decimals].decimal
        chosen = self._weigh(by_thousands, by_decimals, sign, separator, set(decimals))
        example = self._example(by_decimals, by_thousands)
        other = by_decimals if chosen == by_thousands else by_thousands
        is_ambiguous = not chosen or has_mixed_units
        if chosen == PLAIN and separator == "," and not units:
            # Everybody takes these for decimals, so no note is needed.
            return NumberDecision(PLAIN, leading_zero=self._leading_zero)
        return NumberDecision(chosen or by_decimals, (other,), is_ambiguous, example, units, self._leading_zero)

    def sure_decimal(self) -> str:
        """Returns the decimal sign that this column certainly has, or "" if it is open."""
        best, rivals = self._viable()
        if self._is_text or not best or rivals:
            return ""
        how, seen = FORMATS[best], "".join(self.shapes)
        has_sign = how.decimal in seen or (how.thousands in (",", ".") and how.thousands in seen)
        return how.decimal if has_sign else ""

    def _viable(self) -> tuple[str, list[str]]:
        """Returns the format that reads most values, and others that read nearly all, but as other numbers."""
        counts = {name: self._sum(one for one in self.shapes if read(one, name) is not None) for name in FORMATS}
        best = max(counts, key=counts.get)
        if not counts[best] or counts[best] < MOSTLY * self.values:
            return "", []
        rivals = [
            name
            for name, count in counts.items()
            if count >= MOSTLY * self.values
            and any(
                None not in (readings := (read(one, best), read(one, name))) and readings[0] != readings[1]
                for one in self.shapes
            )
        ]
        return best, sorted(rivals, key=counts.get, reverse=True)

    def _weigh(self, thousands: str, decimals: str, sign: str, separator: str, others: set[str]) -> str:
        """Returns which of two formats a column has, or "" if unclear. They differ in the meaning of `sign`."""
        read_as = {one: (read(one, thousands), read(one, decimals)) for one in self.shapes}
        either = self._sum(one for one, (a, b) in read_as.items() if None not in (a, b) and a != b)
        for_decimals = self._sum(one for one, (a, b) in read_as.items() if a is None and b is not None)
        for_thousands = self._sum(one for one, (a, b) in read_as.items() if b is None and a is not None)
        if for_decimals or for_thousands:
            if for_decimals > for_thousands / RARE and for_decimals >= RARE * (for_decimals + either):
                return decimals
            # 1,234,567 is no typing error; 12,34 may be one.
            return thousands if for_thousands * RARE >= for_decimals else ""
        plain = [one for one, (a, b) in read_as.items() if a == b is not None]
        # A column writes the last zeros of decimals in every value, or in none.
        looks_grouped = (
            bool(plain)
            and all(re.fullmatch(r"[+-]?\d{1,3}", rewrite(one, CLEANING)) for one in plain)
            and any(rewrite(one, CLEANING).endswith("0") and a != b for one, (a, b) in read_as.items())
        )
        if others == {sign}:
            return "" if looks_grouped else decimals
        if others:
            return thousands if sign not in others else ""
        if looks_grouped:
            return thousands if sign == "," else ""
        if separator == ",":
            return thousands if sign == "," else decimals
        return decimals if sign == "." and separator != ";" else ""

    def _units(self) -> tuple[tuple[str, ...], bool]:
        """Returns the signs around numbers, and whether they differ from value to value."""
        signs = Counter[str]()
        for one, count in self.shapes.items():
            signs["%" if "%" in one else "".join(re.findall(CURRENCY, one)[:1])] += count
        bare = signs.pop("", 0)
        units = tuple(sorted(signs))
        is_partly = "%" in signs and bare >= RARE * signs["%"]
        return units, len(units) > 1 or is_partly

    def _example(self, name: str, other: str = "") -> str:
        """Returns a cell that is not written plainly, if possible one that two formats read as different numbers."""
        odd = [one for one in self._examples if read(one, name) is not None and read(one, name) != one]
        unlike = [one for one in self._examples if other and read(one, name) != read(one, other)]
        return self._examples[(unlike or odd)[0]] if unlike or odd else ""

    def _find_leading_zero(self, cells: pa.Array) -> None:
        if not self._leading_zero and pc.any(pc.starts_with(cells, "0")).as_py():
            found = pc.index(pc.match_substring_regex(cells, r"^0\d+$"), True).as_py()
            self._leading_zero = cells[found].as_py() if found >= 0 else ""

    def _sum(self, shapes: Iterable[str]) -> int:
        return sum(self.shapes[one] for one in shapes)


def _counts(shapes: pa.Array) -> list[tuple[str, int]]:
    counted = shapes.value_counts()
    return list(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
