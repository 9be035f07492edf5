"""Charts of many examples at once: predicted against true values, confusions, labels, and errors per column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from pages.ui.data.charts import COLORS, finish, label

HEIGHT = 340
#: The most classes whose counts are written into the cells.
_MOST_WRITTEN = 12
#: The most names along an axis. Of more, every second, third, … is written.
_MOST_NAMES = 20


def agreement_figure(fixed: Mapping[str, np.ndarray], frame: Mapping[str, np.ndarray], target: str) -> go.Figure:
    """Returns predicted against true values; on the diagonal they agree.

    Args:
        fixed, frame: see `trainer.training.views.agreement`.
        target: name of what is predicted.
    """
    true, predicted = fixed["targets"], frame["predicted"]
    low, high = float(true.min()), float(true.max())
    room = 0.08 * ((high - low) or 1.0)
    ends = [low - room, high + room]
    figure = go.Figure()
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"color": "#888", "width": 1.5, "dash": "dot"},
                       hoverinfo="skip", showlegend=False)  # fmt: skip
    # What lies outside is drawn at the edge, so that the axes stay the same in every frame.
    figure.add_scatter(x=true, y=np.clip(predicted, *ends), customdata=predicted, mode="markers", showlegend=False,
                       marker={"color": COLORS[0], "size": 6, "opacity": 0.85},
                       hovertemplate="true %{x:.4g}<br>predicted %{customdata:.4g}<extra></extra>")  # fmt: skip
    figure = finish(figure, f"true {label(target)}", f"predicted {label(target)}", HEIGHT)
    figure.update_xaxes(range=ends)
    figure.update_yaxes(range=ends)
    return figure


def confusion_figure(frame: Mapping[str, np.ndarray], classes: Sequence[str]) -> go.Figure:
    """Returns how often each class is taken for each: true classes by row, predicted ones by column.

    Args:
        frame: see `trainer.training.views.confusion`.
        classes: names of the classes.
    """
    counts = frame["confusion"]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            zmin=0,
            zmax=1,
            colorscale=[[0, "rgba(0,114,178,0.04)"], [1, "rgba(0,114,178,0.6)"]],
            showscale=False,
            xgap=2,
            ygap=2,
            customdata=counts,
            hovertemplate="true %{y}, predicted %{x}<br>%{customdata:,} examples, %{z:.0%} of the class<extra></extra>",
        )
    )
    if len(counts) <= _MOST_WRITTEN:
        for row, column in np.ndindex(counts.shape):
            if counts[row, column]:
                figure.add_annotation(x=column, y=row, text=f"{counts[row, column]:,}", showarrow=False)
    figure = finish(figure, "predicted class", "true class", HEIGHT)
    figure.update_xaxes(**_named(classes))
    figure.update_yaxes(**_named(classes), autorange="reversed")
    return figure


def labels_figure(frame: Mapping[str, np.ndarray], labels: Sequence[str]) -> go.Figure:
    """Returns how often the model is right and wrong about each label.

    Args:
        frame: see `trainer.training.views.labels`.
        labels: their names.
    """
    names = ("rightly set", "wrongly set", "missed", "rightly not set")
    colors = (COLORS[2], COLORS[3], COLORS[1], "rgba(128,128,128,0.35)")
    places, ticks = list(range(len(labels))), [label(name) for name in labels]
    figure = go.Figure([
        go.Bar(y=places, x=frame["counts"][:, kind], name=name, marker_color=color, orientation="h", customdata=ticks,
               hovertemplate=f"%{{customdata}}<br>{name}: %{{x:,}}<extra></extra>")
        for kind, (name, color) in enumerate(zip(names, colors, strict=True))
    ])  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.25)
    figure = finish(figure, "examples", "", HEIGHT)
    figure.update_yaxes(**_named(labels), autorange="reversed")
    return figure


def errors_figure(frame: Mapping[str, np.ndarray], inputs: Sequence[str]) -> go.Figure:
    """Returns the mean absolute error of each input that is reproduced.

    Args:
        frame: see `trainer.training.views.reconstructions`.
        inputs: names of the columns.
    """
    error = frame["error"]
    named = inputs if len(inputs) == len(error) else [f"input {place + 1}" for place in range(len(error))]
    figure = go.Figure(
        go.Bar(y=list(range(len(error))), x=error, marker_color=COLORS[0], orientation="h",
               customdata=[label(name) for name in named], hovertemplate="%{customdata}<br>%{x:.3g}<extra></extra>")
    )  # fmt: skip
    figure.update_layout(bargap=0.3)
    figure = finish(figure, "mean absolute error, in standard deviations", "", HEIGHT)
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(**_named(named), autorange="reversed")
    return figure


def _named(names: Sequence[str]) -> dict:
    """Returns an axis with a name at each place: two names may be cut short to the same label."""
    places = list(range(0, len(names), -(-len(names) // _MOST_NAMES) or 1))
    ticks = [label(names[place]) for place in places]
    return {"tickvals": places, "ticktext": ticks, "automargin": True, "showgrid": False}
