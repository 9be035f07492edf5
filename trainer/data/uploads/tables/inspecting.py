"""The report on a CSV or Parquet file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding, Report, in_order
from trainer.data.uploads.tables.columns.checks import check_columns
from trainer.data.uploads.tables.columns.summary import ColumnSummary, count_values, describe_columns
from trainer.data.uploads.tables.numbers.notes import note_asked_formats, note_formats
from trainer.data.uploads.tables.reader import read_table
from trainer.data.uploads.tables.table import NumberDecision, Table
from trainer.data.uploads.tables.target.candidates import guess_target, rank_targets
from trainer.data.uploads.tables.target.checks import check_multilabel, check_target, note_guessed_task
from trainer.data.uploads.tables.target.choices import Choices, choose, refuse_unknown_columns
from trainer.data.uploads.tables.target.leaks import check_duplicates, check_giveaways
from trainer.errors import DataError

#: Fewer rows than this can hardly be learned from; so many are shown, with values of so many characters.
FEW_ROWS, SHOWN_ROWS, SHOWN_LENGTH = 20, 20, 200

#: So many candidates for the target are listed.
LISTED_TARGETS = 20

#: The parts of the work that are done after reading and after describing the columns.
_READ, _DESCRIBED = 0.55, 0.8


def inspect_table(
    path: Path,
    *,
    options: dict | None = None,
    limits: Limits | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Report:
    """Returns what Traindeck makes of a CSV or Parquet file.

    Args:
        path: of the file.
        options: of the data set `csv`, without `path`; what is not there is guessed.
        limits: in force; those of the environment if None.
        progress: told how much is done, in [0, 1], and what.

    Raises:
        ConfigError: an option names a column that is not there, or does not fit the target.
        DataError: it cannot be read at all.
    """
    path, options = Path(path), options or {}
    tell = progress or (lambda fraction, text: None)
    formats = dict(options.get("number_formats") or {})
    table = read_table(path, limits, lambda fraction, text: tell(_READ * fraction, text), formats)
    summaries = describe_columns(table, lambda fraction, text: tell(_READ + (_DESCRIBED - _READ) * fraction, text))
    target, leave_out = options.get("target") or "", list(options.get("leave_out") or ())
    details = describe(table, summaries)
    try:
        choices = choose(summaries, target, options.get("task") or "auto", leave_out)
    except DataError as error:
        # Nothing is left to learn from; what the columns are tells why.
        target = target or guess_target(summaries)
        others = [summary for summary in summaries if summary.name != target and summary.name not in leave_out]
        findings = [*table.findings, Finding("error", "", str(error)), *check_columns(table, others, "", "")]
        return Report("csv", {"target": target}, size_of(table), in_order(findings), details)
    tell(_DESCRIBED, "Checking columns and target")
    findings = [*table.findings, *check_choices(table, summaries, choices, options, leave_out)]
    tell(0.85, "Looking for repeated rows")
    findings += check_duplicates(table, summaries)
    tell(0.9, "Looking for columns that hold the target")
    if choices.task != "multilabel":
        findings += check_giveaways(table, choices.inputs, choices.targets[0], choices.task)
    tell(1.0, "Done")
    names = [summary.name for summary in choices.targets]
    chosen = {
        **{key: value for key, value in options.items() if key != "path"},
        "target": names[0] if len(names) == 1 else names,
        "task": choices.task,
    }
    details |= {
        "target": names,
        "task": choices.task,
        "features": [summary.name for summary in choices.inputs],
        "classes": count_classes(table, choices),
    }
    return Report("csv", chosen, summarize(table, choices), in_order(findings), details)


def check_choices(
    table: Table, summaries: tuple[ColumnSummary, ...], choices: Choices, options: dict, leave_out: list[str]
) -> list[Finding]:
    """Returns what is to be said about the rows, the target, and the columns that are left to learn from."""
    findings = []
    if len(table.data) < FEW_ROWS:
        message = f"The number of rows, {len(table.data):,}, is hardly enough to learn from. Add more."
        findings.append(Finding("warning", "", message, len(table.data)))
    if choices.task == "multilabel":
        findings += check_multilabel(table, choices.targets)
    else:
        findings += check_target(table, choices.targets[0], choices.task)
        if (options.get("task") or "auto") == "auto":
            findings += note_guessed_task(choices.targets[0], choices.task)
    formats = options.get("number_formats") or {}
    refuse_unknown_columns("number_formats", list(formats), {summary.name: summary for summary in summaries})
    findings += note_formats(table, [summary.name for summary in (*choices.targets, *choices.inputs)])
    findings += note_asked_formats(table, formats)
    aside = {summary.name for summary in choices.targets} | set(leave_out)
    if leave_out:
        names = ", ".join(map(quoted, leave_out))
        findings.append(Finding("note", "", f"Left out as asked: {names}.", len(leave_out)))
    return findings + check_columns(
        table,
        [summary for summary in summaries if summary.name not in aside],
        options.get("missing_numbers") or "median",
        options.get("missing_categories") or "missing",
    )


def describe(table: Table, summaries: tuple[ColumnSummary, ...]) -> dict[str, Any]:
    """Returns what a page shows of a table: columns, candidates for the target, and the first rows."""
    head = table.data.slice(0, SHOWN_ROWS)
    columns = [column.cast(pa.string()) if pa.types.is_timestamp(column.type) else column for column in head.columns]
    return {
        **table.details,
        "sha256": table.sha256,
        "rows": len(table.data),
        "columns": [
            dataclasses.asdict(summary)
            | {"frequent": [[shown(value), count] for value, count in summary.frequent]}
            | describe_decision(table.decisions.get(summary.name))
            for summary in summaries
        ],
        "targets": [
            {"name": candidate.name, "reason": candidate.reason, "is_named": candidate.is_named}
            for candidate in rank_targets(summaries)[:LISTED_TARGETS]
        ],
        "head": [[shown(value) for value in row] for row in zip(*[c.to_pylist() for c in columns], strict=True)],
    }


def describe_decision(decision: NumberDecision | None) -> dict[str, Any]:
    """Returns how a column's numbers are written, where somebody may want to change that."""
    if not decision or not (decision.example or decision.leading_zero):
        return {}
    return {
        "number_format": decision.format,
        "number_formats": [decision.format, *decision.others],
        "asks_for_format": decision.is_ambiguous,
        "example": shown(decision.example or decision.leading_zero),
    }


def shown(value: float | str | None) -> float | str | None:
    """Returns a value as JSON can hold it: finite, and not too long."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value[: SHOWN_LENGTH - 1] + "…" if value is not None and len(value) > SHOWN_LENGTH else value


def count_classes(table: Table, choices: Choices) -> dict[str, int]:
    """Returns the rows of each class of a classification, most frequent first; at most a thousand."""
    if choices.task != "classification":
        return {}
    counts = count_values(table.data[choices.targets[0].name].drop_null())[:1000]
    names = [
        f"{value:.10g}" if isinstance(value, float) else shown(str(value)) for value in counts["value"].to_pylist()
    ]
    return dict(zip(names, counts["count"].to_pylist(), strict=True))


def size_of(table: Table) -> str:
    """Returns "344 rows · 7 columns"."""
    rows = len(table.data)
    return f"{rows:,} {'row' if rows == 1 else 'rows'} · {len(table.data.column_names):,} columns"


def summarize(table: Table, choices: Choices) -> str:
    """Returns one line: "344 rows · 7 columns · predict “species” (3 classes)"."""
    first = choices.targets[0]
    if choices.task == "multilabel":
        count = f" {len(choices.targets)}" if len(choices.targets) > 1 else ""
        return f"{size_of(table)} · predict{count} labels"
    goal = f"{first.unique:,} classes" if choices.task == "classification" else "a number"
    return f"{size_of(table)} · predict {quoted(first.name)} ({goal})"
