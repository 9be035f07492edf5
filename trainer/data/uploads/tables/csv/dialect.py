"""How a CSV file is written: its encoding, its separator, and the column names in its first line."""

from __future__ import annotations

import codecs
import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.errors import DataError

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}

#: Bytes that are read and parsed at once; no record may be longer.
BLOCK_BYTES = 2**20
#: The header must be within this many bytes.
SNIFFED_BYTES = 2**20
#: The largest number of characters in a column's name.
LONGEST_NAME = 500

#: Number of records that decide the separator.
_JUDGED = 100
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        encoding: a Python codec.
        separator: one character.
        names: of the columns, trimmed; "column 3" stands for an empty third name.
        header: the text up to the end of the header, `header_lines` lines long.
    """

    encoding: str
    separator: str
    names: tuple[str, ...]
    header: str
    header_lines: int


def possible_encodings(head: bytes) -> tuple[str, ...]:
    """Returns the encodings to try, in order, for a file that begins with these bytes."""
    if head.startswith(b"\xef\xbb\xbf"):
        return ("utf-8-sig",)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return "utf-8", "cp1252", "latin-1"


def sniff(path: Path, encoding: str, limits: Limits) -> Dialect:
    """Finds out how a CSV file is written from its first megabyte.

    Args:
        path: of the file.
        encoding: of the file.
        limits: in force.

    Raises:
        DataError: no header, only one column, too many columns, two of the same name, or names that are numbers.
        UnicodeDecodeError: the file has another encoding.
    """
    with path.open("rb") as file:
        raw = file.read(SNIFFED_BYTES + 1)
    name, is_whole = plain_name(path.name), len(raw) <= SNIFFED_BYTES
    text = codecs.getincrementaldecoder(encoding)().decode(raw, is_whole)
    lines = _LINE.findall(text)
    if not is_whole and lines:
        lines.pop()  # It may be cut.
    skipped, declared = 0, ""
    if lines and re.fullmatch(r"sep=.\s*", lines[0], re.IGNORECASE):
        skipped, declared = 1, lines[0][4]
    separator = declared or choose_separator(lines)
    reader = csv.reader(lines[skipped:], delimiter=separator)
    try:
        header = next((row for row in reader if any(cell.strip() for cell in row)), None)
    except csv.Error:
        header = None
    if header is None and not is_whole:
        raise DataError(
            f"{name} does not show column names in its first {len(text):,} characters. Check that it is a CSV "
            "file whose lines end as lines, and that no quotation mark is left open."
        )
    if header is None:
        raise DataError(
            f"{name} has no line with column names: it holds blank lines, or quotation marks alone. Save it again."
        )
    limits.check("columns", len(header), f"{name} must have", remedy="Leave some out")
    used = skipped + reader.line_num
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(header, 1))
    refuse_bad_names(names, name, used, [line for line in lines[used : used + 20] if line.strip()])
    return Dialect(encoding, separator, names, "".join(lines[:used]), used)


def choose_separator(lines: list[str]) -> str:
    """Returns the separator that gives the most records of the header's width, and among those the widest."""
    best, score, lines = ",", (False, 0.0, 0), lines[: 2 * _JUDGED]
    for separator in SEPARATORS:
        widths, is_clean = [], True
        try:
            widths += [len(row) for row in islice(csv.reader(lines, delimiter=separator, strict=True), _JUDGED) if row]
        except csv.Error as error:
            # Text after a closing quotation mark: another separator ends the field there.
            is_clean = "expected after" not in str(error)
            with suppress(csv.Error):
                for row in islice(csv.reader(lines, delimiter=separator), _JUDGED):
                    widths += [len(row)] if row else []
        if widths and widths[0] > 1:
            found = is_clean, sum(width == widths[0] for width in widths) / len(widths), widths[0]
            if found > score:
                best, score = separator, found
    return best


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
    # Numbers that count up are names, such as years or wavelengths.
    numbers = [float(name) for name in names if _NUMBER.fullmatch(name)]
    counts_up = len(numbers) > 1 and all(a < b for a, b in pairwise(numbers))
    if not counts_up and (len(numbers) == len(names) or any(number % 1 for number in numbers)):
        raise DataError(
            f"{file} has numbers where the column names should be (line {line}: {plain_name(', '.join(names))}). Add a "
            "first line with a name for each column."
        )
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if places.setdefault(name, place) != place:
            raise DataError(
                f"{file} has two columns called {quoted(name)}: number {places[name]} and number {place} on line "
                f"{line}. Rename one of them."
            )


def hint_for_one_column(name: str, following: list[str]) -> str:
    """Returns what to do about a header of one field, judging by the lines that follow it."""
    if following and any(sum(mark in line for line in following) > len(following) / 2 for mark in ",;\t|"):
        return "The lines below have more fields: remove what stands above the column names."
    others = {" ": "spaces", ":": "colons", "^": "carets", "~": "tildes"}
    seen = [word for mark, word in others.items() if mark in name and all([mark in line for line in following])]
    hint = f"The fields seem to be separated by {seen[0]}. " if seen else ""
    return f"{hint}Separate the fields by commas, semicolons, tabs or bars."
