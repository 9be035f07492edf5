"""A table's file as training gets it: read, checked, and made into examples."""

from __future__ import annotations

import json
from pathlib import Path

from trainer.data.progress import report
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.recent import Recent
from trainer.data.uploads.report import Report, in_order
from trainer.data.uploads.tables.choices import choose
from trainer.data.uploads.tables.columns import ColumnSummary, describe_columns
from trainer.data.uploads.tables.examples import Examples, make_examples
from trainer.data.uploads.tables.inspection import check_choices
from trainer.data.uploads.tables.reader import Table, read_table

# A large table is not needed any more once there are examples, which training is about to ask for.
_tables = Recent(lambda found: found[0].data.nbytes)
_examples = Recent(lambda found: found.arrays.x.nbytes, is_last_kept=True)


def table_of(path: Path, formats: dict[str, str] | None = None) -> tuple[Table, tuple[ColumnSummary, ...]]:
    """Returns a file's table and what its columns hold; it is read again only if it changed.

    Args:
        path: the file.
        formats: of the numbers of some columns; see `read_table`.

    Raises:
        DataError: it cannot be read.
    """

    def read() -> tuple[Table, tuple[ColumnSummary, ...]]:
        table = read_table(path, Limits.from_environment(), lambda fraction, what: report(what, fraction), formats)
        return table, describe_columns(table)

    return _tables.get(path, (Limits.from_environment(), json.dumps(formats or {}, sort_keys=True)), read)


def examples_of(path: Path, options: str) -> Examples:
    """Returns a file's rows as examples.

    Args:
        path: the file.
        options: of the data set `csv`, without `path`, as JSON.

    Raises:
        ConfigError: an option does not fit the file.
        DataError: the file cannot be read, or cannot be trained on.
    """

    def make() -> Examples:
        asked = json.loads(options)
        table, summaries = table_of(path, asked.get("number_formats"))
        choices = choose(summaries, asked["target"], asked["task"], asked["leave_out"])
        found = [*table.findings, *check_choices(table, summaries, choices, asked, asked["leave_out"])]
        Report("csv", {}, "", in_order(found)).refuse_errors()
        missing = {name: asked[name] for name in ("missing_numbers", "missing_categories")}
        return make_examples(table, choices, name=path.name, **missing)

    return _examples.get(path, options, make)
