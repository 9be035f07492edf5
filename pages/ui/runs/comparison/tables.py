"""The tables of a comparison."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import UNKNOWN
from pages.ui.runs.comparison.results import mark_best, results_frame
from pages.ui.runs.comparison.settings import differing, settings_frame
from trainer import Run

_WHICH = {"best": "Best epoch", "last": "Newest epoch"}


def draw_results(runs: list[Run], labels: dict[str, str], colors: dict[str, str]) -> None:
    """Draws one row per run with its metrics; a dot in each run's colour is the legend of the charts.

    Args:
        runs: the runs.
        labels: id → what to call it.
        colors: id → its colour.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("##### Metrics")
        which = st.segmented_control(
            "Weights", list(_WHICH), format_func=_WHICH.get, default="best", required=True,
            key=widget_key("weights", "select", page="runs"), label_visibility="collapsed",
        )  # fmt: skip
    metrics = mark_best(results_frame({labels[run.id]: run.state for run in runs}, which))
    head = pd.DataFrame(
        {
            " ": ["●"] * len(runs),
            "Run": [labels[run.id] for run in runs],
            "Status": [run.status for run in runs],
            "Step": [f"{run.step:,}" for run in runs],
            "Open": [f"/?run={run.id}" for run in runs],
        }
    )
    frame = pd.concat([head, metrics.reset_index(drop=True)], axis=1)
    shades = [f"color: {colors[run.id]}" for run in runs]
    styled = frame.style.apply(lambda _: shades, subset=[" "]).map(_embolden, subset=list(metrics))
    st.dataframe(
        styled,
        hide_index=True,
        column_config={
            " ": st.column_config.TextColumn(width=30, pinned=True),
            "Run": st.column_config.TextColumn(pinned=True),
            "Open": st.column_config.LinkColumn(display_text="Open", help="Shows the run in a new tab."),
        },
        alt="Metrics of each run",
    )
    if not len(metrics.columns):
        st.caption("No epoch has ended yet.")


def draw_settings(runs: list[Run], labels: dict[str, str]) -> None:
    """Draws the settings that differ: one row per setting, one column per run."""
    st.markdown("##### Settings that differ")
    frame = differing(settings_frame({labels[run.id]: run for run in runs}))
    if not len(frame.columns):
        st.caption("These runs have the same settings.")
        return
    shown = frame.map(_show).T.rename_axis("Setting").reset_index()
    st.dataframe(
        shown,
        hide_index=True,
        column_config={"Setting": st.column_config.TextColumn(pinned=True)},
        alt="Settings that differ between the runs",
    )


def _show(value: object) -> str:
    if value is None or value != value:
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)


def _embolden(text: str) -> str:
    return "font-weight: 700" if text.endswith("best") else ""
