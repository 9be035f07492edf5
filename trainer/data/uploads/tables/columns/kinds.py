"""Which kind a column has: a number, a category, a date, free text, an identifier, or always the same."""

from __future__ import annotations

import re
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["number", "category", "date", "text", "identifier", "constant"]

#: More different values than this are no category, nor are values of which most are different.
MOST_CATEGORIES, MOSTLY_DIFFERENT = 1000, 0.5

#: From so many rows on, values that are all different are no coincidence.
FEWEST_ROWS = 20

_IDENTIFIERS = set("id ids uid uuid guid key index idx rowid rownames rownumber unnamed nr no".split())
_DATES = r"^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T].*)?$|^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$"


def kind_of_numbers(name: str, place: int, unique: int, present: int, is_whole: bool) -> Kind:
    """Returns what a column of numbers holds.

    Args:
        name: of the column.
        place: 0 for the table's first column, where row numbers usually are.
        unique, present: how many different values there are, and how many in all, missing ones aside.
        is_whole: whether all are whole numbers.
    """
    if unique < 2:
        return "constant"
    tells_rows_apart = is_whole and unique == present >= FEWEST_ROWS
    is_unnamed = place == 0 and re.fullmatch(r"column 1|unnamed.*", name.lower()) is not None
    return "identifier" if tells_rows_apart and (is_unnamed or is_identifier_name(name)) else "number"


def kind_of_text(values: pa.ChunkedArray, unique: int, present: int) -> Kind:
    """Returns what a column of text holds.

    Args:
        values: some of those that are not missing.
        unique, present: how many different values there are, and how many in all, missing ones aside.
    """
    if unique < 2:
        return "constant"
    if pc.all(pc.match_substring_regex(values, _DATES)).as_py():
        return "date"
    if unique <= MOST_CATEGORIES and (unique <= MOSTLY_DIFFERENT * present or present < FEWEST_ROWS):
        return "category"
    has_spaces = pc.mean(pc.match_substring_regex(values, r"\s")).as_py() > 0.1
    return "text" if has_spaces or unique <= MOSTLY_DIFFERENT * present else "identifier"


def is_identifier_name(name: str) -> bool:
    """Whether a name is that of an identifier: "id", "customer_id", "PassengerId"."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    return name.lower() in _IDENTIFIERS or (bool(parts) and parts[-1].lower() in _IDENTIFIERS)
