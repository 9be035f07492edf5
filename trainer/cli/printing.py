"""What the command line prints: runs, reports and the catalogue as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from trainer.data.uploads import Report, plain_name
from trainer.errors import TrainerError
from trainer.runs.run import Run


def run_line(run: Run) -> str:
    """Returns one run as a line of a list."""
    try:
        recipe = f"{run.config.dataset}/{run.config.model}"
    except TrainerError:
        recipe = "unreadable"
    return f"{run.id}  {run.status:<11}  step {run.step:<8}  {recipe}  {run.name}"


def run_lines(described: Mapping) -> Iterator[str]:
    """Yields one run in detail, from what `Run.describe` returns."""
    for key in ("id", "name", "status", "reason", "step", "epoch", "steps_per_second", "digest"):
        yield f"{key:<17} {described[key]}"
    for which in ("last", "best"):
        values = ", ".join(f"{name} {value:.4g}" for name, value in described["metrics"][which].items())
        yield f"{which:<17} {values}"
    for checkpoint in described["checkpoints"]:
        yield f"{'checkpoint':<17} step {checkpoint['step']}  {checkpoint['path']}"


def report_lines(report: Report, path: str) -> Iterator[str]:
    """Yields a report on the file at `path`: a summary, the columns of a table, and the findings."""
    yield report.summary
    columns = report.details["columns"] if report.dataset == "csv" and report.details else []
    widest = min(40, max([len(column["name"]) for column in columns], default=0))
    for column in columns:
        name, missing = plain_name(column["name"], 40), f"{column['missing']:,} missing" if column["missing"] else ""
        yield f"  {name:<{widest}}  {column['kind']:<10}  {column['unique']:>9,} different  {missing}".rstrip()
    for finding in report.findings:
        yield f"{finding.level}: {finding}"
    if report.is_ready:
        options = {"path": path, **{key: value for key, value in report.options.items() if value}}
        yield f'Ready. Train with "dataset": "{report.dataset}", "dataset_options": {json.dumps(options)}'


def catalog_lines(choices: Mapping[str, list[dict]]) -> Iterator[str]:
    """Yields the catalogue, from what `list_choices` returns."""
    for plural, entries in choices.items():
        yield plural
        for entry in entries:
            limit = f" {entry['allowed']} (default {entry['default']})" if "allowed" in entry else ""
            yield f"  {entry['name']:<32} {entry['label'] if plural == 'devices' else entry['help']}{limit}"
            for option in entry.get("options", ()):
                yield f"    {option['name']:<30} {option['allowed']} (default {option['default']})"
