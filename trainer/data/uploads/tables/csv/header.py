"""The first line of a CSV file: whether it names the columns."""

from __future__ import annotations

import re
from itertools import pairwise

from trainer.data.uploads.quoting import plain_name, quoted
from trainer.errors import DataError

#: Characters in the name of a column.
LONGEST_NAME = 500

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def refuse_bad_names(names: tuple[str, ...], file: str, line: int, following: list[str]) -> None:
    """Raises DataError where the header does not name two or more different columns."""
    if len(names) == 1:
        raise DataError(
            f"{file} has one column only, {quoted(names[0])} on line {line}; a target and at least one more are "
            f"needed. {hint_for_one_column(names[0], following)}"
        )
    longest = max(names, key=len)
    if len(longest) > LONGEST_NAME:
        raise DataError(
            f"{file} has a column name of {len(longest):,} characters on line {line} ({quoted(longest)}), and at most "
            f"{LONGEST_NAME} are allowed. Check that the line holds names and no quotation mark is left open."
        )
    if looks_like_data(names):
        raise DataError(
            f"{file} has numbers where the column names should be (line {line}: {plain_name(', '.join(names))}). Add a "
            "first line with a name for each column."
        )
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in places:
            raise DataError(
                f"{file} has two columns called {quoted(name)}: number {places[name]} and number {place} on line "
                f"{line}. Rename one of them."
            )
        places[name] = place


def hint_for_one_column(name: str, following: list[str]) -> str:
    """Returns what to do about a header of one field, by the lines that follow it."""
    if following and any(sum(mark in line for line in following) > len(following) / 2 for mark in ",;\t|"):
        return "The lines below have more fields: remove what stands above the column names."
    others = {" ": "spaces", ":": "colons", "^": "carets", "~": "tildes"}
    seen = [word for mark, word in others.items() if mark in name and all([mark in line for line in following])]
    hint = f"The fields seem to be separated by {seen[0]}. " if seen else ""
    return f"{hint}Separate the fields by commas, semicolons, tabs or bars."


def looks_like_data(names: tuple[str, ...]) -> bool:
    """Whether a header is a row of data: numbers that do not count up, as years or wavelengths would."""
    numbers = [float(name) for name in names if _NUMBER.fullmatch(name)]
    counts_up = len(numbers) > 1 and all(a < b for a, b in pairwise(numbers))
    return not counts_up and (len(numbers) == len(names) or any(number % 1 for number in numbers))
