"""Charts of predictions: pure functions from numbers to a plotly Figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui.data.charts import COLORS, label

#: Classes that are drawn, the likeliest ones.
MOST_BARS = 10
_FAINT = "rgba(0,114,178,0.38)"
_BAR = 30


def probability_figure(
    names: Sequence[str], probabilities: np.ndarray, chosen: Sequence[str], true: str = ""
) -> go.Figure:
    """Returns horizontal bars, the likeliest class on top, each with its probability at its end.

    Args:
        names: of the classes, any text.
        probabilities: (classes,), in [0, 1].
        chosen: the classes that the model predicts, which stand out.
        true: the true class if it is known: its bar says so.
    """
    order = np.argsort(-probabilities, kind="stable")[:MOST_BARS][::-1]
    texts = [percent(probabilities[place]) + ("  (true)" if names[place] == true else "") for place in order]
    figure = go.Figure(
        go.Bar(
            x=probabilities[order],
            y=list(range(len(order))),
            orientation="h",
            text=texts,
            textposition="outside",
            cliponaxis=False,
            marker_color=[COLORS[0] if names[place] in chosen else _FAINT for place in order],
            customdata=[label(names[place]) for place in order],
            hovertemplate="%{customdata}: %{x:.4g}<extra></extra>",
        )
    )
    figure.update_layout(
        height=_BAR * len(order) + 16, margin={"l": 4, "r": 90, "t": 4, "b": 4}, bargap=0.35, showlegend=False
    )
    figure.update_xaxes(range=[0, 1], visible=False, fixedrange=True)
    # Positions and tick texts instead of categories: two classes may be cut short to the same label.
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[label(names[place]) for place in order],
        automargin=True,
        ticklabelstandoff=8,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    return figure


def percent(probability: float) -> str:
    """Returns "97.3 %"; "< 0.1 %" and "> 99.9 %" where it would be rounded to nothing or to all."""
    if 0 < probability < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= probability < 1:
        return "> 99.9 %"
    return f"{100 * probability:.1f} %"


def mark_point(figure: go.Figure, x: float, y: float) -> go.Figure:
    """Returns a scatter chart with one more point that stands out: what is being predicted."""
    for size, color in ((17, "white"), (12, COLORS[3])):
        figure.add_scatter(
            x=[x], y=[y], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"symbol": "circle", "size": size, "color": color},
        )  # fmt: skip
    return figure
