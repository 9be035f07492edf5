"""Charts of a sweep: pure functions from trials to a plotly Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from pages.ui.data.charts import COLORS, finish, label
from pages.ui.runs.comparison.figures import axis
from trainer.sweeps.trials import Trial, best_so_far

#: From poor to good: grey to orange, told apart by colour-blind eyes and seen on light and on dark paper.
_SCALE = [[0.0, "#98A2AA"], [0.6, "#56A0C8"], [1.0, "#D55E00"]]
_PRUNED = "#808080"
_MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def history_figure(trials: Sequence[Trial], metric: str, is_maximized: bool) -> go.Figure:
    """Returns a point per run that has a value, in the order of their numbers, and the best so far as a line.

    Args:
        trials: of the sweep.
        metric: that is optimized.
        is_maximized: whether higher is better.
    """
    figure = go.Figure()
    looks = (("pruned", "x-thin", 7, _PRUNED), ("completed", "circle", 8, COLORS[0]))
    for outcome, symbol, size, color in looks:
        found = [trial for trial in trials if trial.outcome == outcome and trial.value is not None]
        if found:
            figure.add_scatter(
                x=[trial.number + 1 for trial in found], y=[trial.value for trial in found], mode="markers",
                name=outcome, marker={"symbol": symbol, "size": size, "color": color,
                                      "line": {"width": 1.6, "color": color}},
                hovertemplate=f"run %{{x}}, {outcome}<br>{label(metric)} %{{y:.4g}}<extra></extra>",
            )  # fmt: skip
    line = best_so_far(trials, is_maximized)
    if line:
        figure.add_scatter(
            x=[number + 1 for number, _ in line], y=[value for _, value in line], mode="lines", name="best so far",
            line={"color": COLORS[1], "width": 2, "shape": "hv"},
            hovertemplate=f"best so far<br>{label(metric)} %{{y:.4g}}<extra></extra>",
        )  # fmt: skip
    return finish(figure, "run", label(metric), 320).update_layout(margin=_MARGIN)


def importance_figure(importances: Mapping[str, float], labels: Mapping[str, str]) -> go.Figure:
    """Returns a bar per varied option, the most important on top.

    Args:
        importances: path → share of the total, the largest first.
        labels: path → the option's name for people.
    """
    paths = list(importances)[::-1]
    names, shares = [label(labels.get(path, path)) for path in paths], [importances[path] for path in paths]
    figure = go.Figure(
        go.Bar(
            x=shares, y=list(range(len(paths))), orientation="h", marker_color=COLORS[0], customdata=names,
            hovertemplate="%{customdata}<br>%{x:.0%} of what was found<extra></extra>",
        )
    )  # fmt: skip
    finish(figure, "share of the importance", "", 320).update_layout(margin=_MARGIN, bargap=0.45)
    figure.update_xaxes(tickformat=".0%", range=[0, max([*shares, 0.01]) * 1.05])
    return figure.update_yaxes(tickvals=list(range(len(paths))), ticktext=names, automargin=True, showgrid=False)


def parallel_figure(
    trials: Sequence[Trial], labels: Mapping[str, str], metric: str, is_maximized: bool
) -> go.Figure | None:
    """Returns a line per completed or pruned run across the varied options and the metric; None without any.

    Args:
        trials: of the sweep.
        labels: path → the option's name for people, in the order of the axes.
        metric: that is optimized; the last axis, which colours the lines from poor to good.
        is_maximized: whether higher is better.
    """
    found = [trial for trial in trials if trial.value is not None]
    if not found:
        return None
    frame = pd.DataFrame(
        {path: pd.Series([trial.values[path] for trial in found], dtype=object) for path in labels}
        | {metric: [trial.value for trial in found]}
    )
    values = frame[metric].astype(float)
    figure = go.Figure(
        go.Parcoords(
            line={
                "color": values.tolist(),
                "colorscale": _SCALE,
                "reversescale": not is_maximized,
                "cmin": float(values.quantile(0.1)),
                "cmax": float(values.max() if is_maximized else values.quantile(0.9)),
            },
            dimensions=[*(axis(frame[path], labels[path]) for path in labels), axis(frame[metric], metric)],
            labelangle=-12 if len(labels) > 5 else 0,
            unselected={"line": {"color": "rgba(128,128,128,0.25)"}},
        )
    )
    return figure.update_layout(height=380, margin={"l": 70, "r": 60, "t": 70, "b": 24})
