"""How settings and metrics are related across the runs of a comparison."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.runs.comparison.figures import parallel_figure, scatter_figure
from pages.ui.runs.comparison.results import results_frame
from pages.ui.runs.comparison.settings import differing, settings_frame
from pages.ui.runs.metric_choice import main_metric
from trainer import Run

_MOST_AXES = 10


def draw_related(runs: list[Run], labels: dict[str, str], colors: dict[str, str]) -> None:
    """Draws a scatter plot of any setting against any metric, and parallel coordinates.

    Args:
        runs: the runs.
        labels: id → what to call it.
        colors: id → its colour.
    """
    settings = settings_frame({labels[run.id]: run for run in runs})
    metrics = results_frame({labels[run.id]: run.state for run in runs}, "best")
    if not len(metrics.columns):
        return
    frame = pd.concat([settings, metrics], axis=1)
    shades = [colors[run.id] for run in runs]
    differ = list(differing(settings))
    mains = [name for run in runs if (name := main_metric(run.state)) in metrics]
    first = mains[0] if mains else metrics.columns[0]
    st.markdown("##### Settings and metrics")
    with st.container(horizontal=True):
        # Settings that differ come first: the others show nothing.
        options = [*differ, *(name for name in settings if name not in differ)]
        x = st.selectbox("Setting", options, key=widget_key("setting", "select", page="runs"), width=260)
        y = st.selectbox(
            "Metric of the best epoch",
            list(metrics),
            index=list(metrics).index(first),
            key=widget_key("result", "select", page="runs"),
            width=260,
        )
    st.plotly_chart(scatter_figure(frame, x, y, shades), key=widget_key("scatter", "show", page="runs"))
    if not differ:
        return
    st.markdown("##### Parallel coordinates")
    st.caption("One line per run. Drag along an axis to keep only the runs in that range.")
    axes = [*differ[: _MOST_AXES - 1], y]
    st.plotly_chart(parallel_figure(frame, axes, shades), key=widget_key("parallel", "show", page="runs"))
