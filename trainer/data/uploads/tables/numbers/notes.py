"""What the report says about how a column's numbers are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding, error, note
from trainer.data.uploads.tables.numbers.formats import PLAIN, TEXT, read
from trainer.data.uploads.tables.table import NumberDecision, Table


def note_formats(table: Table, names: Iterable[str], asked: dict[str, str]) -> Iterator[Finding]:
    """Yields what was decided about numbers, and errors where the user has to decide.

    Args:
        table: as it was read.
        names: of the columns that are used.
        asked: number formats that the user chose, by column.
    """
    for name in names:
        decision = table.decisions.get(name)
        if decision and decision.format != TEXT:
            yield from note_decision(name, decision)
    for name, format in asked.items():
        if format != TEXT and name in table.decisions and table.data[name].null_count == len(table.data):
            yield error(
                f"column {quoted(name)}",
                f"None of its values is a number written as “{format}” (option number_formats). Choose another format, "
                f"such as “{PLAIN}”, or “{TEXT}”.",
                len(table.data),
            )


def note_decision(name: str, decision: NumberDecision) -> Iterator[Finding]:
    """Yields what was decided about one column of numbers; nothing where they are written plainly."""
    place, keep = f"column {quoted(name)}", Change("Keep as text", {"number_formats": {name: TEXT}})
    if decision.example:
        others = [other for other in decision.others if other != TEXT]
        asked = [decision.format, *others] if decision.is_ambiguous else others
        changes = (*(change_format(name, decision.example, format) for format in asked), keep)
        level = error if decision.is_ambiguous else note
        yield level(place, describe_format(decision, others), changes=changes)
    if zero := decision.leading_zero:
        message = (
            f"It is read as numbers, which loses leading zeros: {quoted(zero)} is {quoted(zero.lstrip('0') or '0')}."
        )
        yield note(place, f"{message} If the values are codes, keep them as text.", changes=(keep,))


def describe_format(decision: NumberDecision, others: list[str]) -> str:
    """Returns how numbers are written, or what the user has to decide about it."""
    example, value = decision.example, read(decision.example, decision.format)
    other = read(example, others[0]) or "no number" if others else ""
    if not decision.is_ambiguous:
        instead = f" As “{others[0]}” it would be {other}." if others else ""
        return f"Its numbers are written as “{decision.format}”: {quoted(example)} is read as {value}.{instead}"
    if others:
        return (
            f"{quoted(example)} can be {value or 'no number'} or {other}, and the values do not tell which. "
            f"Choose its number format (option number_formats): “{decision.format}” or “{others[0]}”."
        )
    signs = [quoted(unit) for unit in decision.units]
    units = ", ".join(signs) if len(signs) > 1 else f"some have {signs[0]}, others have none"
    return (
        f"Its numbers have different units: {units}. Choose the number format (option number_formats) "
        f"“{decision.format}” to drop the signs, or “{TEXT}”; or leave the column out."
    )


def change_format(name: str, example: str, format: str) -> Change:
    """Returns the change that reads a column's numbers in a format."""
    value = read(example, format)
    label = f"Read {quoted(example)} as {value}" if value else f"Read as “{format}”"
    return Change(label, {"number_formats": {name: format}})
