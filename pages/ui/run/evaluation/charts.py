"""Charts of an evaluation: pure functions from numbers to a plotly Figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.data.charts import COLORS, finish, label
from trainer.analysis.evaluation.calibration import Calibration
from trainer.analysis.evaluation.curves import Curve

_MOST_POINTS = 2000
_REFERENCE = {"color": "rgba(128,128,128,0.7)", "width": 1, "dash": "dot"}
#: Right predictions blue, wrong ones vermilion, by the share of the true class.
_RIGHT = [[0, "rgba(128,128,128,0.07)"], [1e-9, "rgba(0,114,178,0.08)"], [1, "rgba(0,114,178,0.95)"]]
_WRONG = [[0, "rgba(128,128,128,0.07)"], [1e-9, "rgba(213,94,0,0.08)"], [1, "rgba(213,94,0,0.95)"]]
#: White text from this share on.
_DARK = 0.5
_MOST_TEXTS = 20
#: Up to so many classes a click on a cell finds it.
MOST_CLICKABLE = 40


def confusion_figure(counts: np.ndarray, shares: np.ndarray, names: Sequence[str], shows_shares: bool) -> go.Figure:
    """Returns a confusion matrix; each cell has a marker that can be selected, with customdata (true, predicted).

    Args:
        counts: int (classes, classes), a row for each true class.
        shares: of the true class, float (classes, classes).
        names: of the classes, any text.
        shows_shares: write shares instead of counts.
    """
    size, ticks = len(names), [label(name) for name in names]
    is_right, figure = np.eye(size, dtype=bool), go.Figure()
    for mask, scale in ((is_right, _RIGHT), (~is_right, _WRONG)):
        figure.add_heatmap(
            z=np.where(mask, np.nan_to_num(shares), np.nan), zmin=0, zmax=1, colorscale=scale, xgap=1, ygap=1,
            showscale=False, hoverinfo="skip",
        )  # fmt: skip
    if size <= MOST_CLICKABLE:
        _add_cells(figure, counts, shares, ticks)
    if size <= _MOST_TEXTS:
        for true, predicted in np.argwhere(counts > 0):
            share = shares[true, predicted]
            text = f"{share:.0%}" if shows_shares else f"{counts[true, predicted]:,}"
            font = {"color": "white"} if share > _DARK else {}
            figure.add_annotation(
                x=int(predicted), y=int(true), text=text, showarrow=False, font={"size": 13 if size <= 6 else 11} | font
            )
    finish(figure, "predicted class", "true class", _side(size))
    places = list(range(size))
    common = {"tickvals": places, "ticktext": ticks, "showgrid": False, "automargin": True}
    figure.update_xaxes(range=[-0.5, size - 0.5], constrain="domain", **common)
    figure.update_yaxes(range=[size - 0.5, -0.5], **common)
    figure.update_layout(dragmode=False, clickmode="event+select", showlegend=False, margin={"t": 8})
    return figure


def _side(size: int) -> int:
    return int(np.clip(110 + 70 * size, 300, 470))


def _add_cells(figure: go.Figure, counts: np.ndarray, shares: np.ndarray, ticks: list[str]) -> None:
    size = len(ticks)
    true, predicted = (part.ravel() for part in np.indices((size, size)))
    figure.add_scatter(
        x=predicted,
        y=true,
        mode="markers",
        marker={"symbol": "square", "size": max(8, int(0.8 * _side(size) / size)), "color": "#808080", "opacity": 0},
        selected={"marker": {"opacity": 0.25}},
        unselected={"marker": {"opacity": 0}},
        customdata=np.stack([true, predicted], axis=1).tolist(),
        text=[
            f"true {ticks[t]}, predicted {ticks[p]}<br>{counts[t, p]:,} examples"
            + (f", {shares[t, p]:.1%} of the true class" if np.isfinite(shares[t, p]) else "")
            for t, p in zip(true, predicted, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def curves_figure(curves: Sequence[Curve], x_title: str, y_title: str, has_diagonal: bool) -> go.Figure:
    """Returns ROC or precision-recall curves.

    Args:
        curves: one for each class or label.
        x_title, y_title: what the axes are.
        has_diagonal: draw the line of guessing, from (0, 0) to (1, 1).
    """
    figure = go.Figure()
    if has_diagonal:
        figure.add_scatter(
            x=[0, 1], y=[0, 1], mode="lines", line=_REFERENCE, name="guessing", hoverinfo="skip", showlegend=False
        )
    for number, curve in enumerate(curves):
        figure.add_scatter(
            x=curve.x, y=curve.y, mode="lines", name=label(curve.name),
            line={"color": COLORS[number % len(COLORS)], "width": 1.8,
                  "dash": ("solid", "dash")[number // len(COLORS) % 2]},
            hovertemplate=f"{label(curve.name)}<br>{x_title} %{{x:.3f}}<br>{y_title} %{{y:.3f}}<extra></extra>",
        )  # fmt: skip
    finish(figure, x_title, y_title, 340)
    figure.update_layout(showlegend=len(curves) > 1, legend={"font": {"size": 11}})
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.01, 1.02])
    return figure


def calibration_figure(found: Calibration) -> go.Figure:
    """Returns accuracy against confidence, above how many examples each bin has."""
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.06)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=_REFERENCE, hoverinfo="skip", row=1, col=1)
    figure.add_scatter(
        x=found.confidence, y=found.accuracy, mode="lines+markers", marker={"size": 8, "color": COLORS[0]},
        line={"width": 1.5, "color": COLORS[0]}, customdata=found.counts,
        hovertemplate="confidence %{x:.3f}<br>accuracy %{y:.3f}<br>%{customdata:,} examples<extra></extra>",
        row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        x=found.confidence, y=found.counts, width=0.05, marker_color=COLORS[5],
        hovertemplate="%{y:,} examples<extra></extra>", row=2, col=1,
    )  # fmt: skip
    finish(figure, "", "", 340)
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 1.02])
    figure.update_xaxes(title="confidence of the predicted class", row=2, col=1)
    figure.update_yaxes(title="accuracy", range=[0, 1.05], row=1, col=1)
    figure.update_yaxes(title="examples", nticks=3, row=2, col=1)
    return figure


def predicted_figure(y: np.ndarray, output: np.ndarray, target: str) -> go.Figure:
    """Returns predicted against true numbers, each (n,), with the line where both are equal."""
    kept = _thinned(len(y))
    low, high = float(min(y.min(), output.min())), float(max(y.max(), output.max()))
    figure = go.Figure()
    figure.add_scatter(x=[low, high], y=[low, high], mode="lines", line=_REFERENCE, hoverinfo="skip")
    _add_points(figure, y[kept], output[kept], "true %{x:.4g}<br>predicted %{y:.4g}")
    finish(figure, f"true {label(target)}", f"predicted {label(target)}", 340)
    return figure.update_layout(showlegend=False, margin={"t": 8})


def residual_figure(output: np.ndarray, residuals: np.ndarray, target: str) -> go.Figure:
    """Returns residuals against predictions, each (n,), with the line of no error."""
    kept = _thinned(len(output))
    figure = go.Figure()
    _add_points(figure, output[kept], residuals[kept], "predicted %{x:.4g}<br>true − predicted %{y:.4g}")
    figure.add_hline(y=0, line=_REFERENCE)
    finish(figure, f"predicted {label(target)}", "true − predicted", 300)
    return figure.update_layout(showlegend=False, margin={"t": 8})


def _add_points(figure: go.Figure, x: np.ndarray, y: np.ndarray, hover: str) -> None:
    marker = {"size": 6, "opacity": 0.6, "color": COLORS[0]}
    figure.add_scattergl(x=x, y=y, mode="markers", marker=marker, hovertemplate=f"{hover}<extra></extra>")


def _thinned(count: int) -> np.ndarray:
    """Returns which of so many points are drawn, the same at each look."""
    if count <= _MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, _MOST_POINTS, replace=False))
