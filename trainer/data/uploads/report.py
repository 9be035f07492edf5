"""The report on a data file: what was found, and what can be changed about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

from pydantic import TypeAdapter

from trainer.errors import DataError

#: Called with the fraction done, in [0, 1], and what is being done.
Progress = Callable[[float, str], None]
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Change:
    """One way to change what was decided about a file.

    Attributes:
        label: the text of its button.
        options: new options of the data set; objects and lists are added to those in force.
    """

    label: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        level: "error" (cannot be trained on as it is), "warning" (can, but somebody should look) or "note"
            (what was done with it, such as a column that was left out).
        where: "column sex", "line 12", "cat/3.png", "array x"; "" for the file as a whole.
        message: a sentence or two: what it is, and what to do. Free of markup; names from the file are quoted
            and cut short.
        count: how many rows, files or values it is about.
        changes: what one click can change.
    """

    level: Level
    where: str
    message: str
    count: int = 1
    changes: tuple[Change, ...] = ()

    def __str__(self) -> str:
        place = self.where[:1].upper() + self.where[1:]
        return f"{place}: {self.message}" if place else self.message


#: Make a finding of each level: `error(where, message, count, changes)`.
error, warning, note = (partial(Finding, level) for level in get_args(Level))


@dataclass(frozen=True)
class Report:
    """What was found in a data file, and the options that are guessed for it.

    Attributes:
        dataset: the entry of `DATASETS` that trains on it: "csv", "npz" or "images".
        options: that entry's guessed options, without `path`: {"target": "species", …}.
        summary: one line: "344 rows · 7 columns · predict species (3 classes)".
        findings: errors first, then warnings, then notes.
        details: what else a page or a program may show: columns with kinds and statistics, arrays with
            shapes, images per class, skipped rows or files. JSON values only.
    """

    dataset: str
    options: dict[str, Any]
    summary: str
    findings: tuple[Finding, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        """What must be fixed before training."""
        return [finding for finding in self.findings if finding.level == "error"]

    @property
    def is_ready(self) -> bool:
        """Whether it can be trained on."""
        return not self.errors

    def refuse_errors(self) -> None:
        """Raises DataError with the first error, and how many more there are."""
        if self.errors:
            more = len(self.errors) - 1
            rest = f" There {'is' if more == 1 else 'are'} {more} more; inspect the file to see them." if more else ""
            raise DataError(f"{self.errors[0]}{rest}")

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return {**dataclasses.asdict(self), "is_ready": self.is_ready}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Report:
        """Returns the report that `to_json` wrote.

        Raises:
            ValueError: these are not the fields of a report.
        """
        return _REPORT.validate_python(fields)


_REPORT = TypeAdapter(Report)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Returns findings with errors first, then warnings, then notes."""
    return tuple(sorted(findings, key=lambda finding: get_args(Level).index(finding.level)))
