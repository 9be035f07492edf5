"""Charts of a data set: pure functions from numbers to a plotly Figure."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

#: Okabe & Ito, as in the theme.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
_GRID = "rgba(128,128,128,0.2)"
_LONGEST_LABEL = 24
_MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def label(text: object) -> str:
    """Returns text as Plotly shows it: it takes some HTML for markup."""
    text = str(text)
    return html.escape(text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…")


def bars_figure(
    counts: Mapping[str, Sequence[int]], names: Sequence[str], x_title: str, height: int = 300
) -> go.Figure:
    """Returns stacked bars: how many examples of each class (or range) each split has.

    Args:
        counts: split → one count a name.
        names: of the classes, any text.
        x_title: what the names are.
        height: pixels.
    """
    ticks = [label(name) for name in names]
    figure = go.Figure([
        go.Bar(x=list(range(len(ticks))), y=list(values), name=split, marker_color=color, customdata=ticks,
               hovertemplate=f"%{{customdata}}<br>{split}: %{{y:,}}<extra></extra>")
        for (split, values), color in zip(counts.items(), COLORS, strict=False)
    ])  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.15)
    # Positions and tick texts instead of categories: two classes may be cut short to the same label.
    figure.update_xaxes(tickvals=list(range(len(ticks))), ticktext=ticks, automargin=True)
    return finish(figure, x_title, "examples", height)


def histogram_figure(parts: Mapping[str, np.ndarray], x_title: str, height: int = 300) -> go.Figure:
    """Returns how a number is spread in each split, as stacked bars over common ranges.

    Args:
        parts: split → values (n,).
        x_title: what the number is, any text.
        height: pixels.
    """
    edges = np.histogram_bin_edges(np.concatenate(list(parts.values())), bins=30)
    middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    figure = go.Figure([
        go.Bar(x=middles, y=np.histogram(values, edges)[0], width=widths * 0.95, name=split, marker_color=color,
               hovertemplate=f"about %{{x:.4g}}<br>{split}: %{{y:,}}<extra></extra>")
        for (split, values), color in zip(parts.items(), COLORS, strict=False)
    ])  # fmt: skip
    figure.update_layout(barmode="stack")
    return finish(figure, label(x_title), "examples", height)


def scatter_figure(
    points: np.ndarray,
    axes: tuple[str, str],
    classes: Mapping[str, np.ndarray] | None,
    values: np.ndarray | None = None,
) -> go.Figure:
    """Returns points in the plane, coloured by class or by a number.

    Args:
        points: float (n, 2).
        axes: what the two are.
        classes: name → which points, bool (n,); None: colour by `values`.
        values: a number a point, (n,), or None.
    """
    figure = go.Figure()
    if classes:
        for index, (name, chosen) in enumerate(classes.items()):
            marker = {"color": COLORS[index % len(COLORS)], "size": 5, "opacity": 0.75}
            marker["symbol"] = ("circle", "diamond", "square", "cross")[index // len(COLORS) % 4]
            figure.add_scattergl(x=points[chosen, 0], y=points[chosen, 1], mode="markers", name=label(name),
                                 marker=marker)  # fmt: skip
    else:
        marker = {"size": 5, "opacity": 0.75, "color": COLORS[0] if values is None else values}
        if values is not None:
            marker |= {"colorscale": "Cividis", "showscale": True, "colorbar": {"thickness": 8, "outlinewidth": 0}}
        figure.add_scattergl(x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, showlegend=False)
    return finish(figure, label(axes[0]), label(axes[1]), 360)


def lines_figure(series: Mapping[str, np.ndarray], y_title: str) -> go.Figure:
    """Returns some sequences, each (steps,), as lines named by their class."""
    figure = go.Figure([
        go.Scatter(y=values, mode="lines", name=label(name), line={"color": COLORS[index % len(COLORS)], "width": 1.5})
        for index, (name, values) in enumerate(series.items())
    ])  # fmt: skip
    return finish(figure, "step of the sequence", y_title, 300)


def finish(figure: go.Figure, x_title: str, y_title: str, height: int) -> go.Figure:
    """Returns the figure with margins, legend, faint grid and axis titles as in all charts.

    Args:
        figure: with its traces; it is changed.
        x_title, y_title: what the axes are; escaped by `label` where a user typed it.
        height: pixels.
    """
    figure.update_layout(
        height=height,
        margin=_MARGIN,
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.0,
            "xanchor": "left",
            "x": 0,
            "title": None,
            "traceorder": "normal",
        },
    )
    figure.update_xaxes(title=x_title, gridcolor=_GRID, zeroline=False)
    figure.update_yaxes(title=y_title, gridcolor=_GRID, zeroline=False)
    return figure
