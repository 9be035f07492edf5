"""The table of runs: pure functions from the states of runs to a DataFrame."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.ui.numbers import format_number
from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.filters import status_word
from pages.ui.runs.metric_choice import MAIN, main_metric, read_metric
from pages.ui.text import format_duration
from trainer.runs.state import RunState

_LONGEST_NOTE = 120


def rows_frame(states: list[RunState], metric: str, labels: CatalogLabels) -> pd.DataFrame:
    """Returns one row per run, in the order of `states`.

    Args:
        states: of the runs.
        metric: name of a metric, or `MAIN`: then Best and Last are text and name each run's own.
        labels: for data sets and models.
    """
    return pd.DataFrame(
        {
            "Name": [state.name for state in states],
            "Status": [status_word(state) for state in states],
            "Data set": [labels.dataset(state) for state in states],
            "Model": [labels.model(state) for state in states],
            "Step": [_step(state) for state in states],
            "Best": _metric_column(states, "best", metric),
            "Last": _metric_column(states, "last", metric),
            "Loss": [_sparkline(state) for state in states],
            "Duration": [format_duration(state.seconds) if state.step else "" for state in states],
            "Created": pd.to_datetime([state.created for state in states], unit="s", utc=True),
            "Tags": [list(state.tags) for state in states],
            "Note": [_note(state) for state in states],
        }
    )


def column_settings(metric: str) -> dict:
    """Returns how the columns of `rows_frame` are shown."""
    column = st.column_config
    number = column.TextColumn if metric == MAIN else column.NumberColumn
    format_of = {} if metric == MAIN else {"format": "%.4g"}
    shown = "main metric" if metric == MAIN else metric
    return {
        "Name": column.TextColumn(pinned=True, width="medium"),
        "Status": column.TextColumn(width="small"),
        "Step": column.TextColumn(help="Optimizer steps so far, of all that are planned."),
        "Best": number(f"Best {shown}", help="Of the best epoch so far.", **format_of),
        "Last": number(f"Last {shown}", help="Of the newest epoch.", **format_of),
        "Loss": column.LineChartColumn("Loss", help="The training loss from the first step to the newest.", width=90),
        "Duration": column.TextColumn(help="Time spent training."),
        "Created": column.DatetimeColumn("Age", format="distance"),
        "Tags": column.ListColumn(),
        "Note": column.TextColumn(width="medium"),
    }


def _step(state: RunState) -> str:
    if state.is_damaged and not state.step:
        return ""
    return f"{state.step:,} of {state.total_steps:,}" if state.total_steps else f"{state.step:,}"


def _metric_column(states: list[RunState], which: str, metric: str) -> list[float | str | None]:
    if metric != MAIN:
        return [read_metric(state, which, metric) for state in states]
    column = []
    for state in states:
        name = main_metric(state)
        value = read_metric(state, which, name)
        column.append("" if value is None else f"{format_number(value)} {name}")
    return column


def _sparkline(state: RunState) -> list[float]:
    # Four digits draw the same line in fewer bytes.
    return [float(f"{value:.4g}") for value in state.sparkline]


def _note(state: RunState) -> str:
    text = state.reason if state.is_damaged else state.note
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_NOTE else text[: _LONGEST_NOTE - 1] + "…"
