"""The chart of a learning-rate schedule."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

LEARNING_RATE = "#56B4E9"


def schedule_figure(steps: Sequence[int], rates: Sequence[float]) -> go.Figure:
    """Returns the learning rate over the steps of a run.

    Args:
        steps: optimizer steps.
        rates: the learning rate at each.
    """
    figure = go.Figure(
        go.Scatter(x=list(steps), y=list(rates), mode="lines", line={"color": LEARNING_RATE, "width": 2})
    )
    figure.update_layout(height=160, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False)
    figure.update_xaxes(title="Step", gridcolor="rgba(128,128,128,0.2)", zeroline=False)
    figure.update_yaxes(title="Learning rate", gridcolor="rgba(128,128,128,0.2)", rangemode="tozero", zeroline=False)
    return figure
