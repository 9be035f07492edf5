"""Draw: a digit or a shape by mouse or finger."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.predict.answer import draw_answer
from pages.ui.predict.pictures import enlarged
from pages.ui.predict.sketch import sketch
from pages.ui.predict.trial import Trial
from pages.ui.text import escape_markdown
from trainer import TrainerError
from trainer.analysis.predictions.drawings import decode_drawing, is_empty, take_drawing
from trainer.analysis.predictions.predict import answer

#: Thick enough that a stroke is seen on so few pixels: about a fifth of the side at 8 pixels, a tenth at 28.
_BRUSHES = {16: 0.17, 32: 0.09}
_FINE = 0.05


def try_drawing(trial: Trial) -> None:
    """Draws the canvas, what the model receives, and the answer."""
    data = trial.model.data
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        side = max(data.input_shape[:2])
        brush = next((part for most, part in _BRUSHES.items() if side <= most), _FINE)
        drawn = sketch(brush, key=widget_key("sketch", "draw", page="predict"))
        is_centred = st.checkbox(
            "Centre and scale",
            value=True,
            key=widget_key("centre", "use", page="predict"),
            help="Crops the drawing to its ink and centres it, as the images of MNIST were made.",
        )
    with right:
        try:
            ink = decode_drawing(drawn) if drawn else None
            if ink is None or is_empty(ink):
                st.markdown("##### Draw something")
                st.caption(_hint(trial))
                return
            examples = take_drawing(ink, data, trial.run.config.dataset, is_centred=is_centred)
        except TrainerError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        draw_answer(trial, examples.x, answer(trial.model, examples))
    with left, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(enlarged(examples.x[0], data, 84), width=84)
        height, width = data.input_shape[:2]
        st.caption(f"What the model receives: {width}×{height} pixels.")


def _hint(trial: Trial) -> str:
    names = trial.spec.class_labels
    known = ", ".join(escape_markdown(name) for name in names[:10]) + (", …" if len(names) > 10 else "")
    words = f" The model knows {known}." if names and trial.spec.task == "classification" else ""
    return f"Use the mouse or a finger. The answer comes after each stroke.{words}"
