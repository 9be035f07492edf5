"""The model's answer for one example, in large type, with what is known about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.data.charts import lines_figure
from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.predict.charts import MOST_BARS, percent, probability_figure
from pages.ui.predict.pictures import enlarged_unit
from pages.ui.predict.trial import UNNAMED, Trial
from pages.ui.text import escape_markdown
from trainer.analysis.predictions.result import THRESHOLD, Predictions
from trainer.analysis.predictions.scaling import unscale_outputs

_SIDE = 168


def draw_answer(trial: Trial, x: np.ndarray, found: Predictions, true: Any = None) -> None:
    """Draws the answer for the first example.

    Args:
        trial: the model.
        x: the example, raw (1, *input_shape).
        found: its predictions.
        true: the true target if it is known: the code of a class, a number, or an array of 0 and 1.
    """
    task = found.spec.task
    if task == "classification":
        _draw_class(found, None if true is None else found.classes[int(true)])
    elif task == "multilabel":
        _draw_labels(found, true)
    elif task == "regression":
        _draw_value(trial, float(found.values[0]), None if true is None else float(np.ravel(true)[0]))
    elif task == "reconstruction":
        _draw_copy(trial, x, found)
    draw_notes(found)


def draw_notes(found: Predictions) -> None:
    """Draws what was changed or is unknown."""
    for note in found.notes:
        st.caption(f":material/info: {escape_markdown(note)}")


def _draw_class(found: Predictions, true: str | None) -> None:
    row, name = found.probabilities[0], found.labels[0]
    _draw_head("Predicted class", name, true, name == true, f"true class {true}")
    _draw_bars(found, [name], true or "")
    if len(row) > MOST_BARS:
        st.caption(f"The {MOST_BARS} likeliest of {len(row):,} classes.")


def _draw_labels(found: Predictions, true: np.ndarray | None) -> None:
    chosen = found.labels[0]
    given = None if true is None else [name for name, one in zip(found.classes, np.ravel(true), strict=True) if one]
    is_right = given is not None and list(chosen) == given
    words = "true labels " + (", ".join(given or ()) or "none")
    _draw_head("Predicted labels", ", ".join(chosen) or "none", None if given is None else words, is_right, words)
    _draw_bars(found, chosen, "")
    st.caption(f"A label is predicted from a probability of {percent(THRESHOLD)} on.")


def _draw_value(trial: Trial, value: float, true: float | None) -> None:
    _draw_large(f"Predicted {trial.target}", format_number(value))
    if true is not None:
        off = value - true
        words = f"True value {format_number(true)}; the prediction is {format_number(abs(off))} too "
        st.markdown(escape_markdown(words + ("high." if off > 0 else "low.")))
    data = trial.model.data
    unit = f"In the unit of {trial.target}. " if trial.target != UNNAMED else ""
    if (data.target_mean, data.target_std) != (0.0, 1.0):
        mean, deviation = format_number(data.target_mean), format_number(data.target_std)
        unit += f"The training rows have a mean of {mean} and a standard deviation of {deviation}."
    if unit:
        st.caption(escape_markdown(unit))


def _draw_head(title: str, text: str, true: str | None, is_right: bool, words: str) -> None:
    with _draw_large(title, text):
        if true is not None:
            if is_right:
                st.badge("correct", color="green", icon=":material/check:")
            else:
                st.badge(escape_markdown(words), color="red", icon=":material/close:")


def _draw_large(title: str, text: str) -> DeltaGenerator:
    """Draws the answer in large type; returns the line, for what belongs beside it."""
    st.caption(escape_markdown(title))
    line = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=widget_key("answer", "show", page="predict")
    )
    line.title(escape_markdown(text), anchor=False, width="content")
    return line


def _draw_bars(found: Predictions, chosen: list[str] | tuple[str, ...], true: str) -> None:
    row = found.probabilities[0]
    best = int(row.argmax())
    st.plotly_chart(
        probability_figure(found.classes, row, chosen, true),
        key=widget_key("probabilities", "plot", page="predict"),
        config={"displayModeBar": False},
        alt=f"Probabilities of {min(len(row), MOST_BARS)} classes; the highest is {percent(row[best])} for "
        f"{found.classes[best]}.",
    )


def _draw_copy(trial: Trial, x: np.ndarray, found: Predictions) -> None:
    """Draws an autoencoder's input beside its copy, and how far they are apart.

    Args:
        trial: the model.
        x: raw, (1, *input_shape).
        found: its predictions.
    """
    data = trial.model.data
    _draw_large("Mean squared error of the reconstruction, in scaled units", format_number(float(found.errors[0])))
    copy = unscale_outputs(found.outputs, data)
    if data.is_image:
        top = 1 / data.rescale if data.rescale else max(float(x.max()), 1e-9)
        pictures = {"Input": x[0] / top, "Reconstruction": copy[0] / top}
        pictures["Difference"] = np.abs(pictures["Input"] - pictures["Reconstruction"])
        for place, (name, image) in zip(st.columns(3), pictures.items(), strict=True):
            place.image(enlarged_unit(image, _SIDE), caption=name, width=_SIDE)
    elif len(data.input_shape) == 2:
        figure = lines_figure({"input": x[0, :, 0], "reconstruction": copy[0, :, 0]}, "value")
        st.plotly_chart(figure, key=widget_key("copy", "plot", page="predict"), config={"displayModeBar": False})
    else:
        rows = {"column": list(data.input_names), "input": x[0], "reconstruction": copy[0]}
        st.dataframe(rows, hide_index=True)
