"""Figures of the report, as Plotly's JSON: plain dictionaries, drawn by the script that the report carries."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Okabe & Ito 2008: safe for colour-blind eyes.
_TRAINING, _VALIDATION = "#0072B2", "#E69F00"
_MOST_POINTS = 2_000
_GRID = "rgba(128,128,128,0.25)"


def curve_figure(steps: dict, epochs: dict, name: str, title: str) -> dict[str, Any]:
    """Returns a measurement over the steps, with its validation values at each epoch's end.

    Args:
        steps: column → one value per step.
        epochs: column → one value per epoch.
        name: of the column.
        title: of the y axis.
    """
    x, y = thin(np.asarray(steps["step"]), np.asarray(steps[name], float))
    traces = [_line(x, y, "training, each batch", _TRAINING, width=1, opacity=0.75)]
    key = f"val_{name}"
    if key in epochs:
        validation = _line(np.asarray(epochs["step"]), np.asarray(epochs[key], float), "validation", _VALIDATION)
        traces.append(validation | {"mode": "lines+markers", "marker": {"size": 5}})
    return {"data": traces, "layout": _layout("step", title)}


def matrix_figure(counts: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    """Returns a confusion matrix, int (classes, classes): true classes down, predicted ones across."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    labels = [_short(name) for name in names]
    heat = {
        "type": "heatmap",
        "z": shares.round(4).tolist(),
        "x": list(range(len(labels))),
        "y": list(range(len(labels))),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, "#FBFBF9"], [1, "#0F766E"]],
        "showscale": False,
        "customdata": counts.tolist(),
        "hovertemplate": "%{customdata} examples<extra></extra>",
    }
    if len(labels) <= 20:
        heat |= {"text": counts.tolist(), "texttemplate": "%{text}"}
    layout = _layout("predicted", "true") | {"height": min(640, 160 + 34 * len(labels))}
    ticks = {"tickvals": heat["x"], "ticktext": labels, "showgrid": False}
    layout["xaxis"] |= ticks
    layout["yaxis"] |= ticks | {"autorange": "reversed"}
    return {"data": [heat], "layout": layout}


def residual_figure(y: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Returns predicted values against true ones, both (n,), with the line on which both are equal."""
    chosen = np.linspace(0, len(y) - 1, min(len(y), _MOST_POINTS)).astype(int)
    ends = [float(min(y.min(), predicted.min())), float(max(y.max(), predicted.max()))]
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "examples",
        "x": _plain(y[chosen]),
        "y": _plain(predicted[chosen]),
        "marker": {"size": 5, "opacity": 0.6, "color": _TRAINING},
    }
    exact = _line(np.array(ends), np.array(ends), "predicted = true", "#888888", width=1)
    return {"data": [points, exact], "layout": _layout("true", "predicted")}


def thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns at most 2,000 points: of each bucket of steps the lowest and the highest value, in order."""
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) <= _MOST_POINTS:
        return x, y
    kept = []
    for bucket in np.array_split(np.arange(len(x)), _MOST_POINTS // 2):
        kept += sorted({bucket[y[bucket].argmin()], bucket[y[bucket].argmax()]})
    return x[kept], y[kept]


def _line(x, y, name: str, color: str, width: float = 2, opacity: float = 1.0) -> dict[str, Any]:
    line = {"color": color, "width": width}
    return {"type": "scatter", "mode": "lines", "x": _plain(x), "y": _plain(y), "name": name, "line": line,
            "opacity": opacity}  # fmt: skip


def _plain(values: np.ndarray) -> list:
    """Returns values as JSON numbers; what is not finite is a gap."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values, float)]


def _layout(x: str, y: str) -> dict[str, Any]:
    axis = {"gridcolor": _GRID, "zeroline": False, "automargin": True}
    return {
        "height": 340,
        "margin": {"l": 56, "r": 16, "t": 24, "b": 48},
        "xaxis": {"title": {"text": x}, **axis},
        "yaxis": {"title": {"text": y}, **axis},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif"},
    }


def _short(name: str) -> str:
    from html import escape

    # Plotly takes some HTML in labels for markup.
    return escape(name if len(name) <= 24 else f"{name[:23]}…")
