"""Charts of a comparison that stand still: pure functions of a DataFrame."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

_GRID = "rgba(128,128,128,0.2)"
_LONGEST_LABEL = 28
#: Numbers that span more than this are drawn on a logarithmic axis, such as learning rates.
_LOG_ABOVE = 50.0
#: Up to so many values of a setting are ticks of their own.
_FEW = 6


def label(text: object) -> str:
    """Returns text as Plotly shows it: it takes some HTML for markup."""
    text = str(text)
    return html.escape(text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…")


def scatter_figure(frame: pd.DataFrame, x: str, y: str, colors: Sequence[str]) -> go.Figure:
    """Returns one point per run: a setting against a metric.

    Args:
        frame: one row per run; the index holds their labels.
        x: column of the setting, numbers or text.
        y: column of the metric, numbers.
        colors: one per run.
    """
    values = frame[x]
    is_number = _is_numeric(values)
    known = frame[y].notna() & (values.notna() if is_number else True)
    chosen = [place for place, is_known in enumerate(known) if is_known]
    places = list(values.astype(float)) if is_number else [_text(value) for value in values]
    figure = go.Figure(
        go.Scatter(
            x=[places[place] for place in chosen],
            y=[float(frame[y].iloc[place]) for place in chosen],
            mode="markers",
            marker={"size": 12, "color": [colors[place] for place in chosen], "line": {"width": 1, "color": "white"}},
            customdata=[label(frame.index[place]) for place in chosen],
            hovertemplate=f"%{{customdata}}<br>{label(x)}: %{{x}}<br>{label(y)}: %{{y:.4g}}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_layout(height=380, margin={"l": 8, "r": 8, "t": 12, "b": 8})
    figure.update_xaxes(title=label(x), gridcolor=_GRID, zeroline=False)
    figure.update_yaxes(title=label(y), gridcolor=_GRID, zeroline=False)
    if not is_number:
        figure.update_xaxes(type="category")
    elif _is_wide(values):
        figure.update_xaxes(type="log")
    return figure


def parallel_figure(frame: pd.DataFrame, columns: Sequence[str], colors: Sequence[str]) -> go.Figure:
    """Returns one line per run across several axes.

    Args:
        frame: one row per run.
        columns: the axes, in order: settings, then metrics. A run without a number on some axis is drawn at its foot.
        colors: one per run.
    """
    count = len(frame)
    # Plotly colours the lines of this chart by a number: each run has its own step of the scale.
    scale = [[edge, colors[place]] for place in range(count) for edge in (place / count, (place + 1) / count)]
    figure = go.Figure(
        go.Parcoords(
            line={"color": [place + 0.5 for place in range(count)], "colorscale": scale, "cmin": 0, "cmax": count},
            dimensions=[axis(frame[name], name) for name in columns],
            labelangle=-12 if len(columns) > 5 else 0,
            unselected={"line": {"color": "rgba(128,128,128,0.25)"}},
        )
    )
    figure.update_layout(height=400, margin={"l": 70, "r": 60, "t": 70, "b": 24})
    return figure


def axis(values: pd.Series, name: str) -> dict:
    """Returns an axis of a parallel-coordinates chart: numbers, on a log scale where they are wide, or texts."""
    if not _is_numeric(values):
        names = list(dict.fromkeys(_text(value) for value in values))
        places = [names.index(_text(value)) for value in values]
        return {"label": label(name), "values": places, "tickvals": list(range(len(names))),
                "ticktext": [label(text) for text in names], "range": _spread(0, len(names) - 1)}  # fmt: skip
    numbers = values.astype(float).to_numpy()
    finite = numbers[np.isfinite(numbers)]
    lowest, highest = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    numbers = np.where(np.isfinite(numbers), numbers, lowest)
    ticks = sorted(set(finite.tolist()))
    if not _is_wide(values):
        drawn = {"label": label(name), "values": numbers.tolist(), "range": _spread(lowest, highest)}
        few = {"tickvals": ticks, "ticktext": [f"{tick:.4g}" for tick in ticks]}
        return drawn | few if len(ticks) <= _FEW else drawn
    if len(ticks) > _FEW:
        powers = range(math.ceil(math.log10(lowest)), math.floor(math.log10(highest)) + 1)
        # Ticks outside the range would cover the axis's name.
        ticks = [lowest, *(10.0**power for power in powers if lowest * 1.5 < 10.0**power < highest / 1.5), highest]
    logs = np.log10(numbers)
    return {"label": label(name), "values": logs.tolist(), "range": _spread(math.log10(lowest), math.log10(highest)),
            "tickvals": [math.log10(tick) for tick in ticks], "ticktext": [f"{t:.3g}" for t in ticks]}  # fmt: skip


def _spread(lowest: float, highest: float) -> list[float]:
    """Returns a range that Plotly can draw where all values are equal."""
    return [lowest, highest] if highest > lowest else [lowest - 0.5, highest + 0.5]


def _is_numeric(values: pd.Series) -> bool:
    known = [value for value in values if value is not None and value == value]
    return bool(known) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known)


def _is_wide(values: pd.Series) -> bool:
    numbers = values.dropna().astype(float)
    return len(numbers) > 0 and numbers.min() > 0 and numbers.max() / numbers.min() > _LOG_ABOVE


def _text(value: object) -> str:
    return "–" if value is None or value != value else str(value)
