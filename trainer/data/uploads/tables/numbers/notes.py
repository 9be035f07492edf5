"""What the report says about how a column's numbers are written."""

from __future__ import annotations

from collections.abc import Iterable

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding
from trainer.data.uploads.tables.numbers.evidence import read
from trainer.data.uploads.tables.numbers.formats import PLAIN, TEXT
from trainer.data.uploads.tables.table import NumberDecision, Table


def note_formats(table: Table, names: Iterable[str]) -> list[Finding]:
    """Returns what was decided about the numbers of these columns, and errors where the user has to decide."""
    findings = []
    for name in names:
        if decision := table.decisions.get(name):
            findings += note_format(name, decision)
            findings += note_leading_zeros(name, decision)
    return findings


def note_format(name: str, decision: NumberDecision) -> list[Finding]:
    """Returns what was decided about one column's numbers; nothing where they are written plainly."""
    place, example = f"column {quoted(name)}", decision.example
    if decision.format == TEXT or not example:
        return []
    others = [other for other in decision.others if other != TEXT]
    asked = [decision.format, *others] if decision.is_ambiguous else others
    changes = tuple(change_format(name, example, format) for format in asked)
    changes += (Change("Keep as text", {"number_formats": {name: TEXT}}),)
    value = read(example, decision.format)
    if not decision.is_ambiguous:
        other = f" As “{others[0]}” it would be {read(example, others[0]) or 'no number'}." if others else ""
        message = f"Its numbers are written as “{decision.format}”: {quoted(example)} is read as {value}.{other}"
        return [Finding("note", place, message, changes=changes)]
    if others:
        other = read(example, others[0]) or "no number"
        message = (
            f"{quoted(example)} can be {value or 'no number'} or {other}, and the values do not tell which. "
            f"Choose its number format (option number_formats): “{decision.format}” or “{others[0]}”."
        )
    else:
        message = (
            f"Its numbers have different units: {unit_list(decision)}. Choose the number format (option "
            f"number_formats) “{decision.format}” to drop the signs, or “{TEXT}”; or leave the column out."
        )
    return [Finding("error", place, message, changes=changes)]


def unit_list(decision: NumberDecision) -> str:
    """Returns the units that a column mixes, as people read them."""
    signs = [quoted(unit) for unit in decision.units]
    return ", ".join(signs) if len(signs) > 1 else f"some have {signs[0]}, others have none"


def change_format(name: str, example: str, format: str) -> Change:
    """Returns the change that reads a column's numbers in a format."""
    value = read(example, format)
    label = f"Read {quoted(example)} as {value}" if value else f"Read as “{format}”"
    return Change(label, {"number_formats": {name: format}})


def note_leading_zeros(name: str, decision: NumberDecision) -> list[Finding]:
    """Returns a note where numbers have leading zeros, as codes do."""
    zero = decision.leading_zero
    if decision.format == TEXT or not zero:
        return []
    number = quoted(zero.lstrip("0") or "0")
    message = (
        f"It is read as numbers, which loses leading zeros: {quoted(zero)} is {number}. If the values are codes, keep "
        "them as text."
    )
    change = Change("Keep as text", {"number_formats": {name: TEXT}})
    return [Finding("note", f"column {quoted(name)}", message, changes=(change,))]


def note_asked_formats(table: Table, formats: dict[str, str]) -> list[Finding]:
    """Returns an error for each column without a number in the format that the user chose."""
    return [
        Finding(
            "error",
            f"column {quoted(name)}",
            f"None of its values is a number written as “{format}” (option number_formats). Choose another format, "
            f"such as “{PLAIN}”, or “{TEXT}”.",
            len(table.data),
        )
        for name, format in formats.items()
        if format != TEXT and name in table.decisions and table.data[name].null_count == len(table.data)
    ]
