"""A CSV or Parquet file: the report on it, and its rows as examples for training."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa

from trainer.data.progress import report as report_progress
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded, Recent
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding, Progress, Report, error, in_order, note, warning
from trainer.data.uploads.tables.column_checks import check_columns
from trainer.data.uploads.tables.examples import label_of, make_examples
from trainer.data.uploads.tables.numbers.notes import note_formats
from trainer.data.uploads.tables.reader import read_table
from trainer.data.uploads.tables.summary import ColumnSummary, count_values, describe_columns
from trainer.data.uploads.tables.table import NumberDecision, Table
from trainer.data.uploads.tables.target.checks import check_multilabel, check_target, note_guessed_task
from trainer.data.uploads.tables.target.choices import (
    Choices,
    choose,
    guess_target,
    rank_targets,
    refuse_unknown_columns,
)
from trainer.data.uploads.tables.target.leaks import check_duplicates, check_giveaways
from trainer.errors import DataError

#: Fewer rows than this are hardly enough to learn from. Number of rows shown, and of characters per value.
FEW_ROWS, SHOWN_ROWS, SHOWN_LENGTH = 20, 20, 200

#: Number of candidates for the target that are listed.
LISTED_TARGETS = 20

#: Fractions of the work that are done after reading and after describing the columns.
_READ, _DESCRIBED = 0.55, 0.8

# Training asks for the examples next. Once they exist, a large table is not needed any more.
_tables = Recent(lambda found: found[0].data.nbytes)
_examples = Recent(lambda loaded: loaded.arrays.x.nbytes, is_last_kept=True)


def inspect_table(
    path: Path, *, options: dict | None = None, limits: Limits | None = None, progress: Progress | None = None
) -> Report:
    """Returns the report on a CSV or Parquet file.

    Args:
        path: of the file.
        options: of the data set `csv`, without `path`; missing ones are guessed.
        limits: in force; None: those of the environment.
        progress: called with the fraction done, in [0, 1], and what is being done.

    Raises:
        ConfigError: an option names a column that does not exist, or does not fit the target.
        DataError: the file cannot be read at all.
    """
    path, options = Path(path), options or {}
    tell = progress or (lambda fraction, text: None)
    formats = dict(options.get("number_formats") or {})
    table = read_table(path, limits, lambda fraction, text: tell(_READ * fraction, text), formats)
    summaries = describe_columns(table, lambda fraction, text: tell(_READ + (_DESCRIBED - _READ) * fraction, text))
    target, leave_out = options.get("target") or "", list(options.get("leave_out") or ())
    details = describe(table, summaries)
    rows = len(table.data)
    size = f"{rows:,} {'row' if rows == 1 else 'rows'} · {len(summaries):,} columns"
    try:
        choices = choose(summaries, target, options.get("task") or "auto", leave_out)
    except DataError as problem:
        # Nothing is left to learn from. The findings on the columns say why.
        target = target or guess_target(summaries)
        others = [summary for summary in summaries if summary.name != target and summary.name not in leave_out]
        findings = [*table.findings, error("", str(problem)), *check_columns(table, others, "", "")]
        return Report("csv", {"target": target}, size, in_order(findings), details)
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
    return Report("csv", chosen, f"{size} · predict {describe_goal(choices)}", in_order(findings), details)


def load_table(path: Path, options: dict[str, Any]) -> Loaded:
    """Returns a file's rows as examples. The file is read again only if it changed.

    Args:
        path: of the file.
        options: of the data set `csv`, complete, without `path`.

    Raises:
        ConfigError: an option does not fit the file.
        DataError: the file cannot be read, or cannot be trained on.
    """
    limits, formats = Limits.from_environment(), options["number_formats"]

    def read() -> tuple[Table, tuple[ColumnSummary, ...]]:
        table = read_table(path, limits, lambda fraction, what: report_progress(what, fraction), formats)
        return table, describe_columns(table)

    def make() -> Loaded:
        table, summaries = _tables.get(path, (limits, json.dumps(formats, sort_keys=True)), read)
        choices = choose(summaries, options["target"], options["task"], options["leave_out"])
        findings = [*table.findings, *check_choices(table, summaries, choices, options, options["leave_out"])]
        report = Report("csv", {}, "", in_order(findings))
        report.refuse_errors()
        missing = {name: options[name] for name in ("missing_numbers", "missing_categories")}
        return Loaded(report, *make_examples(table, choices, name=path.name, **missing))

    return _examples.get(path, json.dumps(options, sort_keys=True), make)


def check_choices(
    table: Table, summaries: tuple[ColumnSummary, ...], choices: Choices, options: dict, leave_out: list[str]
) -> list[Finding]:
    """Returns the findings on the rows, the target, and the columns that are left to learn from."""
    findings = []
    if len(table.data) < FEW_ROWS:
        message = f"The number of rows, {len(table.data):,}, is hardly enough to learn from. Add more."
        findings.append(warning("", message, len(table.data)))
    if choices.task == "multilabel":
        findings += check_multilabel(table, choices.targets)
    else:
        findings += check_target(table, choices.targets[0], choices.task)
        if (options.get("task") or "auto") == "auto":
            findings += note_guessed_task(choices.targets[0], choices.task)
    formats = options.get("number_formats") or {}
    refuse_unknown_columns("number_formats", list(formats), {summary.name: summary for summary in summaries})
    findings += note_formats(table, [summary.name for summary in (*choices.targets, *choices.inputs)], formats)
    if leave_out:
        findings.append(note("", f"Left out as asked: {', '.join(map(quoted, leave_out))}.", len(leave_out)))
    aside = {*(summary.name for summary in choices.targets), *leave_out}
    findings += check_columns(
        table,
        [summary for summary in summaries if summary.name not in aside],
        options.get("missing_numbers") or "median",
        options.get("missing_categories") or "missing",
    )
    return findings


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
        "targets": [dataclasses.asdict(candidate) for candidate in rank_targets(summaries)[:LISTED_TARGETS]],
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
    names = [shown(label_of(value)) for value in counts["value"].to_pylist()]
    return dict(zip(names, counts["count"].to_pylist(), strict=True))


def describe_goal(choices: Choices) -> str:
    """Returns what is predicted: "“species” (3 classes)"."""
    if choices.task == "multilabel":
        return f"{len(choices.targets)} labels" if len(choices.targets) > 1 else "labels"
    first = choices.targets[0]
    goal = f"{first.unique:,} classes" if choices.task == "classification" else "a number"
    return f"{quoted(first.name)} ({goal})"
