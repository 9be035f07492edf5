"""Charts of what mattered: pure functions from numbers to a plotly Figure, and from attributions to pixels."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.data.charts import COLORS, finish, label
from trainer.analysis.attribution.dependence import Dependence
from trainer.analysis.attribution.permutation import Importance

#: Columns that are drawn, the most important ones.
MOST_COLUMNS = 20
#: Lines that are drawn, those of the outputs that change most.
MOST_OUTPUTS = 10


def importance_figure(found: Importance) -> go.Figure:
    """Returns a bar with its standard deviation for each column, the most important on top."""
    order = np.argsort(found.mean, kind="stable")[-MOST_COLUMNS:]
    names = [label(found.names[place]) for place in order]
    figure = go.Figure(
        go.Bar(
            x=found.mean[order], y=list(range(len(order))), orientation="h", marker_color=COLORS[0], customdata=names,
            error_x={"type": "data", "array": found.std[order], "thickness": 1.2, "width": 3, "color": "#808080"},
            hovertemplate="%{customdata}<br>falls by %{x:.4f} ± %{error_x.array:.4f}<extra></extra>",
        )
    )  # fmt: skip
    finish(figure, f"fall of the {found.measure} when shuffled", "", 90 + 28 * len(order))
    figure.update_layout(margin={"t": 8}, bargap=0.35)
    return figure.update_yaxes(tickvals=list(range(len(order))), ticktext=names, automargin=True, showgrid=False)


def dependence_figure(found: Dependence, y_title: str) -> go.Figure:
    """Returns the mean prediction over a column's values: lines for numbers, points for a category.

    Args:
        found: the means.
        y_title: what they are; what a user typed in it is escaped by `label`.
    """
    figure = go.Figure()
    x = list(range(len(found.values))) if found.is_category else found.values
    drawn = np.sort(np.argsort(-np.ptp(found.means, axis=1), kind="stable")[:MOST_OUTPUTS])
    for number, (name, means) in enumerate((found.outputs[place], found.means[place]) for place in drawn):
        color = COLORS[number % len(COLORS)]
        figure.add_scatter(
            x=x, y=means, name=label(name), mode="markers" if found.is_category else "lines",
            marker={"size": 10, "color": color, "symbol": ("circle", "diamond", "square", "cross")[number % 4]},
            line={"color": color, "width": 1.8, "dash": ("solid", "dash", "dot")[number // len(COLORS) % 3]},
            hovertemplate=f"{label(name)}<br>{y_title} %{{y:.4g}}<extra></extra>",
        )  # fmt: skip
    finish(figure, label(found.column), y_title, 320)
    if found.is_category:
        figure.update_xaxes(tickvals=x, ticktext=[label(value) for value in found.values], range=[-0.5, len(x) - 0.5])
    return figure.update_layout(showlegend=len(found.outputs) > 1)


def attribution_pixels(values: np.ndarray) -> np.ndarray:
    """Returns an attribution as colours: orange speaks for the prediction, blue against it, grey is neutral.

    Args:
        values: float (height, width, channels).

    Returns:
        float32 (height, width, 3) in [0, 1].
    """
    total = values.sum(axis=-1)
    # One bright pixel must not hide the others.
    limit = float(np.quantile(np.abs(total), 0.99)) or float(np.abs(total).max()) or 1.0
    strength = np.clip(total / limit, -1, 1)[..., None]
    grey, speaks_for, speaks_against = (
        np.array(c, np.float32) / 255 for c in ((40, 44, 48), (240, 140, 0), (60, 160, 255))
    )
    return np.where(
        strength > 0, grey + strength * (speaks_for - grey), grey - strength * (speaks_against - grey)
    ).astype(np.float32)


def sequence_figure(x: np.ndarray, values: np.ndarray) -> go.Figure:
    """Returns a sequence as a line above what each step adds to the prediction.

    Args:
        x, values: float (steps, numbers); the first number of a step is drawn, the attributions are added up.
    """
    total = values.sum(axis=-1)
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.08)
    figure.add_scatter(
        y=x[:, 0], mode="lines", line={"color": "#808080", "width": 1.8},
        hovertemplate="step %{x}<br>value %{y:.4g}<extra></extra>", row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        y=total, marker_color=[COLORS[1] if value > 0 else COLORS[0] for value in total],
        hovertemplate="step %{x}<br>adds %{y:.4f}<extra></extra>", row=2, col=1,
    )  # fmt: skip
    finish(figure, "", "", 260)
    figure.update_layout(showlegend=False, margin={"t": 8}, bargap=0.1)
    figure.update_xaxes(title="step of the sequence", row=2, col=1)
    figure.update_yaxes(title="value", nticks=4, row=1, col=1)
    return figure.update_yaxes(title="adds", nticks=4, row=2, col=1)
