"""Sliders: one or two numbers, and the point among the training examples."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.data.charts import scatter_figure
from pages.ui.keys import widget_key
from pages.ui.predict.answer import draw_answer
from pages.ui.predict.charts import mark_point
from pages.ui.predict.trial import Trial
from pages.ui.text import escape_markdown
from trainer.analysis.predictions.examples import Examples
from trainer.analysis.predictions.predict import answer
from trainer.analysis.predictions.ranges import Range, input_ranges

_POINTS = 800
_MOST_CLASSES = 12


def try_sliders(trial: Trial) -> None:
    """Draws a slider per input, the point among the data, and the answer."""
    names = list(trial.model.data.input_names)
    ranges = input_ranges(trial.dataset) if trial.dataset else (Range(-1.0, 1.0, 0.0),) * len(names)
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        values = [_draw_slider(trial, place, name, ranges[place]) for place, name in enumerate(names)]
    x = np.array([values], np.float32)
    found = answer(trial.model, Examples(x))
    with right:
        draw_answer(trial, x, found)
    with left:
        _draw_points(trial, names, values, found)


def _draw_slider(trial: Trial, place: int, name: str, known: Range) -> float:
    margin = 0.1 * (known.high - known.low) or 1.0
    low, high = (float(f"{edge:.3g}") for edge in (known.low - margin, known.high + margin))
    return st.slider(
        escape_markdown(name),
        low,
        high,
        min(max(float(f"{known.middle:.3g}"), low), high),
        step=(high - low) / 200,
        format="%.3g",
        key=widget_key(f"{trial.run.id}_{place}", "slide", page="predict"),
    )


def _draw_points(trial: Trial, names: list[str], values: list[float], found) -> None:
    dataset, data = trial.dataset, trial.model.data
    if dataset is None:
        st.caption("The run's own data is not there, so its points cannot be drawn.")
        return
    x, y = np.asarray(dataset.train.x[:_POINTS], float), np.asarray(dataset.train.y[:_POINTS])
    classes, numbers = None, None
    if data.task == "classification" and data.num_classes <= _MOST_CLASSES:
        classes = {name: y == code for code, name in enumerate(data.class_labels)}
    elif data.task == "regression":
        numbers = y.reshape(-1)
    if len(names) == 2:
        figure = scatter_figure(x, (names[0], names[1]), classes, numbers)
        point = values
    elif data.task == "regression" and trial.spec.task == "regression":
        figure = scatter_figure(np.column_stack([x[:, 0], numbers]), (names[0], trial.target), None)
        point = [values[0], float(found.values[0])]
    else:
        return
    st.plotly_chart(
        mark_point(figure, *point),
        key=widget_key("point", "plot", page="predict"),
        config={"displayModeBar": False},
        alt=f"{len(x):,} training points, and the chosen point at {point[0]:.3g} and {point[1]:.3g}.",
    )
