"""Charts of models with one or two inputs: the fitted line, and the surface over the plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui.data.charts import COLORS, finish, label

HEIGHT = 340
#: How opaque a surface is where the model is undecided, and where it is certain.
_FAINT, _STRONG = 0.06, 0.6


def surface_figure(
    fixed: Mapping[str, np.ndarray], frame: Mapping[str, np.ndarray], axes: Sequence[str], classes: Sequence[str]
) -> go.Figure:
    """Returns the predictions over the plane, with the examples as points.

    Args:
        fixed, frame: see `trainer.training.views.surface`.
        axes: names of the two inputs.
        classes: names of the classes; empty for a regression.
    """
    x, y, surface = fixed["x"], fixed["y"], frame["surface"].astype(np.float32)
    figure = go.Figure()
    if surface.ndim == 3:
        figure.add_heatmap(x=x, y=y, **_class_colors(surface))
        if surface.shape[2] == 2:
            border = {"start": 0.5, "end": 0.5, "coloring": "none"}
            figure.add_contour(x=x, y=y, z=surface[..., 1], contours=border, line={"width": 1.5, "color": "#888"},
                               showscale=False, hoverinfo="skip", showlegend=False)  # fmt: skip
        for code, name in enumerate(classes):
            _add_points(figure, fixed, fixed["targets"] == code, COLORS[code % len(COLORS)], label(name))
    else:
        # The targets' range, so that a colour means the same in every frame.
        low, high = float(fixed["targets"].min()), float(fixed["targets"].max())
        scale = {"colorscale": "Cividis", "zmin": low, "zmax": high, "colorbar": {"thickness": 8, "outlinewidth": 0}}
        figure.add_heatmap(x=x, y=y, z=surface, zsmooth="best", **scale,
                           hovertemplate="%{x:.3g}, %{y:.3g}<br>predicted %{z:.4g}<extra></extra>")  # fmt: skip
        marker = {"color": fixed["targets"], "colorscale": "Cividis", "cmin": low, "cmax": high, "size": 6,
                  "line": {"width": 0.7, "color": "white"}}  # fmt: skip
        points = fixed["points"]
        figure.add_scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, showlegend=False,
                           hovertemplate="true %{marker.color:.4g}<extra></extra>")  # fmt: skip
    figure = finish(figure, label(axes[0]), label(axes[1]), HEIGHT)
    figure.update_xaxes(range=[x[0], x[-1]], showgrid=False)
    figure.update_yaxes(range=[y[0], y[-1]], showgrid=False)
    if surface.ndim == 3 and 0.5 < (x[-1] - x[0]) / (y[-1] - y[0]) < 2:
        figure.update_yaxes(scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain", constraintoward="left")
    return figure


def line_figure(
    fixed: Mapping[str, np.ndarray],
    frame: Mapping[str, np.ndarray],
    axis: str,
    target: str,
    classes: Sequence[str],
) -> go.Figure:
    """Returns the prediction for each value of the only input, with the examples as points.

    Args:
        fixed, frame: see `trainer.training.views.line`.
        axis: name of the input.
        target: name of what is predicted.
        classes: names of the classes; empty for a regression.
    """
    figure, line = go.Figure(), frame["line"].astype(np.float32)
    if line.ndim == 2:
        for code, name in enumerate(classes):
            color, chosen = COLORS[code % len(COLORS)], fixed["targets"] == code
            figure.add_scatter(x=fixed["x"], y=line[:, code], mode="lines", line={"color": color}, name=label(name))
            figure.add_scatter(x=fixed["points"][chosen], y=np.zeros(chosen.sum()) - 0.04, mode="markers",
                               marker={"color": color, "size": 5}, showlegend=False, hoverinfo="skip")  # fmt: skip
        return finish(figure, label(axis), "probability", HEIGHT)
    size = np.where(fixed["held_out"], 5, 4)
    opacity = np.where(fixed["held_out"], 0.9, 0.6)
    figure.add_scatter(x=fixed["points"], y=fixed["targets"], mode="markers", showlegend=False,
                       marker={"color": COLORS[0], "size": size, "opacity": opacity, "line": {"width": 0}})  # fmt: skip
    figure.add_scatter(x=fixed["x"], y=line, mode="lines", line={"color": COLORS[3], "width": 3}, showlegend=False)
    figure = finish(figure, label(axis), label(target), HEIGHT)
    # The line of an untrained model may lie anywhere. The axis stays at the points, so that one sees it come.
    low, high = float(fixed["targets"].min()), float(fixed["targets"].max())
    room = 0.15 * ((high - low) or 1.0)
    figure.update_yaxes(range=[low - room, high + room])
    return figure


def _class_colors(surface: np.ndarray) -> dict:
    """Returns a heat map that shows the most probable class as a colour, and how certain it is as its strength."""
    winner, certainty = surface.argmax(axis=2), surface.max(axis=2)
    count = surface.shape[2]
    if count == 2:
        scale = [[0, _rgba(0, _STRONG)], [0.5, _rgba(0, _FAINT)], [0.5, _rgba(1, _FAINT)], [1, _rgba(1, _STRONG)]]
        return {"z": surface[..., 1], "zmin": 0, "zmax": 1, "zsmooth": "best", "colorscale": scale, "showscale": False,
                "customdata": certainty, "hovertemplate": "%{customdata:.0%}<extra></extra>"}  # fmt: skip
    # From a guess to certainty, inside the winner's part of the scale.
    strength = np.clip((certainty - 1 / count) / (1 - 1 / count), 0, 0.999)
    scale = [
        [(code + end) / count, _rgba(code, alpha)]
        for code in range(count)
        for end, alpha in ((0, _FAINT), (1, _STRONG))
    ]
    return {"z": winner + strength, "zmin": 0, "zmax": count, "colorscale": scale, "showscale": False,
            "customdata": certainty, "hovertemplate": "%{customdata:.0%}<extra></extra>"}  # fmt: skip


def _add_points(figure: go.Figure, fixed: Mapping[str, np.ndarray], chosen: np.ndarray, color: str, name: str) -> None:
    held_out = fixed["held_out"][chosen]
    marker = {"color": color, "size": np.where(held_out, 7, 5), "opacity": np.where(held_out, 1, 0.65)}
    marker["line"] = {"width": np.where(held_out, 1, 0), "color": "white"}
    points = fixed["points"][chosen]
    figure.add_scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, name=name,
                       hovertemplate="%{x:.3g}, %{y:.3g}<extra>" + name + "</extra>")  # fmt: skip


def _rgba(code: int, alpha: float) -> str:
    color = COLORS[code % len(COLORS)]
    return f"rgba({int(color[1:3], 16)},{int(color[3:5], 16)},{int(color[5:], 16)},{alpha})"
