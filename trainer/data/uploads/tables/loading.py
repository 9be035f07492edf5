"""A table's file as training gets it: read, checked, and made into examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.data.progress import report
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded
from trainer.data.uploads.recent import Recent
from trainer.data.uploads.report import Report, in_order
from trainer.data.uploads.tables.columns.summary import ColumnSummary, describe_columns
from trainer.data.uploads.tables.examples import make_examples
from trainer.data.uploads.tables.inspecting import check_choices
from trainer.data.uploads.tables.reader import Table, read_table
from trainer.data.uploads.tables.target.choices import choose

# Training asks for the examples next; a large table is not needed any more once they exist.
_tables = Recent(lambda found: found[0].data.nbytes)
_examples = Recent(lambda loaded: loaded.arrays.x.nbytes, is_last_kept=True)


def load_table(path: Path, options: dict[str, Any]) -> Loaded:
    """Returns a file's rows as examples. The file is read again only if it changed.

    Args:
        path: the file.
        options: of the data set `csv`, complete, without `path`.

    Raises:
        ConfigError: an option does not fit the file.
        DataError: the file cannot be read, or cannot be trained on.
    """

    def make() -> Loaded:
        table, summaries = _read(path, options["number_formats"])
        choices = choose(summaries, options["target"], options["task"], options["leave_out"])
        findings = [*table.findings, *check_choices(table, summaries, choices, options, options["leave_out"])]
        report = Report("csv", {}, "", in_order(findings))
        report.refuse_errors()
        missing = {name: options[name] for name in ("missing_numbers", "missing_categories")}
        return Loaded(report, *make_examples(table, choices, name=path.name, **missing))

    return _examples.get(path, json.dumps(options, sort_keys=True), make)


def _read(path: Path, formats: dict[str, str]) -> tuple[Table, tuple[ColumnSummary, ...]]:
    limits = Limits.from_environment()

    def read() -> tuple[Table, tuple[ColumnSummary, ...]]:
        table = read_table(path, limits, lambda fraction, what: report(what, fraction), formats)
        return table, describe_columns(table)

    return _tables.get(path, (limits, json.dumps(formats, sort_keys=True)), read)
