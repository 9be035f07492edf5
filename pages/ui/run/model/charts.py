"""Charts of a model: pure functions from numbers to a plotly Figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from pages.ui.data.charts import COLORS, finish
from trainer.analysis.histograms import Spread

MOST_POINTS = 2000


def thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Returns at most `MOST_POINTS` points: the largest value of every so many measured steps, and that number.

    Args:
        steps: int (n,).
        values: float (n,), NaN in steps that were not measured.
    """
    is_known = np.isfinite(values)
    steps, values = steps[is_known], values[is_known]
    stride = max(1, -(-len(values) // MOST_POINTS))
    if stride == 1:
        return steps, values, 1
    starts = np.arange(0, len(values), stride)
    return steps[starts], np.maximum.reduceat(values, starts), stride


def line_figure(steps: np.ndarray, values: np.ndarray, y_title: str, color: int, log: bool = False) -> go.Figure:
    """Returns one quantity over the steps.

    Args:
        steps, values: (n,).
        y_title: what it is.
        color: a place in `COLORS`.
        log: whether the axis of the values is logarithmic.
    """
    figure = go.Figure(
        go.Scatter(
            x=steps, y=values, mode="lines", line={"color": COLORS[color], "width": 1.5},
            hovertemplate=f"step %{{x:,}}<br>{y_title} %{{y:.4g}}<extra></extra>",
        )
    )  # fmt: skip
    finish(figure, "step", y_title, 240)
    figure.update_layout(margin={"t": 8})
    return figure.update_yaxes(type="log" if log else "linear", exponentformat="power", rangemode="tozero")


def spread_figure(spread: Spread, x_title: str) -> go.Figure:
    """Returns how values are spread in each epoch, as a heat map: epochs across, values up."""
    middles = (spread.edges[1:] + spread.edges[:-1]) / 2
    # The root shows the tails beside a high peak.
    figure = go.Figure(
        go.Heatmap(
            x=spread.epochs, y=middles, z=np.sqrt(spread.shares.T), customdata=spread.shares.T, showscale=False,
            colorscale=[[0, "rgba(0,114,178,0)"], [1, "rgba(0,114,178,1)"]],
            hovertemplate="epoch %{x}<br>about %{y:.3g}<br>%{customdata:.1%} of the values<extra></extra>",
        )
    )  # fmt: skip
    finish(figure, "epoch", x_title, 240)
    return figure.update_layout(margin={"t": 8})
