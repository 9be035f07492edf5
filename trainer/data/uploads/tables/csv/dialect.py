"""How a CSV file is written: its encoding, what separates its fields, and the names in its first line."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.tables.csv.header import refuse_bad_names
from trainer.errors import DataError

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}

#: The records by which a separator is judged.
_JUDGED = 100
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        encoding: a Python codec.
        separator: one character.
        names: of the columns, trimmed; "column 3" stands for an empty third one.
        header: the text up to the end of the header, which is `header_lines` lines long.
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


def sniff(text: str, encoding: str, name: str, limits: Limits, is_whole: bool) -> Dialect:
    """Finds out how a CSV file is written from how it begins.

    Args:
        text: the beginning of the file.
        encoding: with which it was decoded.
        name: of the file, for sentences.
        limits: how many columns there may be.
        is_whole: whether `text` is all of the file.

    Raises:
        DataError: no header, one column only, too many of them, two of the same name, or names that are numbers.
    """
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
    if header is None:
        if not is_whole:
            raise DataError(
                f"{name} does not show column names in its first {len(text):,} characters. Check that it is a CSV "
                "file whose lines end as lines, and that no quotation mark is left open."
            )
        raise DataError(
            f"{name} has no line with column names: it holds blank lines, or quotation marks alone. Save it again."
        )
    if len(header) > limits.columns:
        raise DataError(
            f"{name} has {len(header):,} columns on line 1, and at most {limits.columns:,} are allowed. Leave some "
            "out, or set TRAINDECK_MAX_COLUMNS."
        )
    used = skipped + reader.line_num
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(header, 1))
    refuse_bad_names(names, name, used, [line for line in lines[used : used + 20] if line.strip()])
    return Dialect(encoding, separator, names, "".join(lines[:used]), used)


def choose_separator(lines: list[str]) -> str:
    """Returns the separator that gives the most records of the header's width, and among those the widest."""
    best, score = ",", (False, 0.0, 0)
    for separator in SEPARATORS:
        widths, is_clean = [], True
        records = csv.reader(lines[: 2 * _JUDGED], delimiter=separator, strict=True)
        try:
            widths += [len(row) for row in islice(records, _JUDGED) if row]
        except csv.Error as error:
            # Text after a closing quotation mark: what ends the field there is another separator.
            is_clean = "expected after" not in str(error)
            widths = widths_of(lines[: 2 * _JUDGED], separator)
        if widths and widths[0] > 1:
            found = is_clean, sum(width == widths[0] for width in widths) / len(widths), widths[0]
            if found > score:
                best, score = separator, found
    return best


def widths_of(lines: list[str], separator: str) -> list[int]:
    """Returns how many fields the first records have, whatever their quotation marks."""
    widths: list[int] = []
    with suppress(csv.Error):
        for row in islice(csv.reader(lines, delimiter=separator), _JUDGED):
            widths += [len(row)] if row else []
    return widths
