"""A table as it was read, and the places of its rows in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from trainer.data.uploads.report import Finding


@dataclass(frozen=True)
class NumberDecision:
    """How a column's numbers are written.

    Attributes:
        format: a key of `numbers.formats.FORMATS`, or "text" where the column holds no numbers.
        others: other formats that would read nearly all values, but as other numbers.
        is_ambiguous: whether the values do not show which format is meant, so that the user has to decide.
        example: a raw cell that shows the format; "" where numbers are written plainly.
        units: the currency and percent signs that are dropped.
        leading_zero: a cell such as 007 that loses its zeros as a number, or "".
    """

    format: str
    others: tuple[str, ...] = ()
    is_ambiguous: bool = False
    example: str = ""
    units: tuple[str, ...] = ()
    leading_zero: str = ""


@dataclass(frozen=True)
class Table:
    """A table that was read from a file.

    Attributes:
        data: columns of float64 (never NaN), string or timestamp, null where a value is missing; no two columns
            have the same name.
        findings: from reading, such as rows that were left out; errors first.
        sha256: of the file.
        details: how it was read: "format", "encoding", "separator", "skipped" ({"count": …, "rows": [{"line": …,
            "fields": …}]}); JSON values.
        first_line: the line of the first record, where each record is one line; else None.
        skipped: the numbers of the records that were left out, from 0, in order.
        decisions: how the numbers of a text file's columns are written, by name.
    """

    data: pa.Table
    findings: tuple[Finding, ...] = ()
    sha256: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    first_line: int | None = None
    skipped: tuple[int, ...] = ()
    decisions: Mapping[str, NumberDecision] = field(default_factory=dict)

    def place(self, row: int) -> str:
        """Returns the place of a row of `data` in the file: "line 12", or "row 11" if lines are unknown."""
        before = np.asarray(self.skipped) - np.arange(len(self.skipped))
        record = row + int(np.searchsorted(before, row, side="right"))
        return f"row {record + 1:,}" if self.first_line is None else f"line {self.first_line + record:,}"
