"""Runs as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.filters import status_word
from pages.ui.runs.metric_choice import metric_names
from trainer.runs.state import RunState

#: A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def runs_csv(states: list[RunState], labels: CatalogLabels) -> str:
    """Returns one line per run with its best and last metrics.

    Args:
        states: of the runs.
        labels: for data sets and models.
    """
    names = metric_names(states)
    head = ["id", "name", "status", "reason", "dataset", "model", "step", "total_steps", "epochs", "seconds", "created",
            "started", "ended", "tags", "note"]  # fmt: skip
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*head, *(f"{which}_{name}" for which in ("best", "last") for name in names)])
    for state in states:
        cells = [state.id, state.name, status_word(state), state.reason, labels.dataset(state), labels.model(state),
                 state.step, state.total_steps, state.epochs, state.seconds, state.created, state.started, state.ended,
                 "; ".join(state.tags), state.note]  # fmt: skip
        rows = [(state.metrics or {}).get(which) or {} for which in ("best", "last")]
        writer.writerow(map(quote_formula, [*cells, *(row.get(name) for row in rows for name in names)]))
    return file.getvalue()


def quote_formula(cell: Any) -> Any:
    """Returns a cell of CSV; text that a spreadsheet would compute gets a leading quote."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
