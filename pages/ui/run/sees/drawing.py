"""Draws one frame: the chart or the pictures that suit its kind, and a sentence on what they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.sees.counts import agreement_figure, confusion_figure, errors_figure, labels_figure
from pages.ui.run.sees.guesses import count_right, generated_html, images_html, reconstructions_html, sequences_html
from pages.ui.run.sees.names import Names
from pages.ui.run.sees.planes import line_figure, surface_figure

Arrays = Mapping[str, np.ndarray]
#: What reading a damaged frame raises.
DAMAGE = (KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError)

_SHOWN = {
    "surface": "The prediction for every place in the plane. The stronger the colour, the surer the model.",
    "line": "The prediction for every value of the input.",
    "images": "The class that the model sees in each image, and how sure it is. ✕ marks mistakes.",
    "sequences": "The class that the model sees in each sequence, and how sure it is. ✕ marks mistakes.",
    "agreement": "Each point is one example. The nearer to the dotted line, the better the prediction.",
    "confusion": "Which class is taken for which. Mistakes lie off the diagonal.",
    "labels": "How often the model is right about each label.",
    "reconstructions": "Each input, and below it what the model makes of it.",
    "errors": "How far each input is from its reconstruction. One standard deviation is 1.",
    "generated": "Images that the generator makes of the same noise all along.",
}
_POINTS = {
    "validation": "validation examples",
    "training": "training examples",
    "both": "validation examples (large) and training examples (small)",
}


def explain(fixed: Arrays, frame: Arrays) -> tuple[str, str]:
    """Returns what a frame shows, and of which examples; the second may be empty.

    Raises:
        KeyError, …: see `DAMAGE`.
    """
    kind, split = str(fixed["kind"]), str(fixed["split"])
    which = _POINTS[split] if split else ""
    if kind == "surface" and frame["surface"].ndim == 2:
        return "The predicted value for every place in the plane, as a colour.", f"Points: {which}, in the same colours"
    if kind in ("surface", "line"):
        return _SHOWN[kind], f"Points: {which}"
    if kind in ("images", "sequences"):
        targets = fixed["targets"]
        return _SHOWN[kind], f"{count_right(targets, frame['probabilities'])} of {len(targets)} {which} right"
    if kind == "confusion":
        matrix = frame["confusion"]
        return _SHOWN[kind], f"{int(np.trace(matrix)):,} of {int(matrix.sum()):,} {which} right"
    if kind in ("agreement", "labels"):
        count = int(fixed["examples"]) if kind == "labels" else len(fixed["targets"])
        return _SHOWN[kind], f"{count:,} {which}"
    return _SHOWN[kind], which.capitalize()


def draw(fixed: Arrays, frame: Arrays, names: Names, alt: str) -> None:
    """Draws a frame.

    Args:
        fixed, frame: see `trainer.training.views`.
        names: in the run's data.
        alt: what the chart shows, for who cannot see it.

    Raises:
        KeyError, …: see `DAMAGE`.
    """
    kind = str(fixed["kind"])
    pages = {
        "images": lambda: images_html(fixed, frame, names.classes),
        "sequences": lambda: sequences_html(fixed, frame, names.classes),
        "reconstructions": lambda: reconstructions_html(fixed, frame),
        "generated": lambda: generated_html(frame),
    }
    if kind in pages:
        st.html(pages[kind]())
        return
    figures = {
        "surface": lambda: surface_figure(fixed, frame, names.inputs, names.classes),
        "line": lambda: line_figure(fixed, frame, names.inputs[0], names.target, names.classes),
        "agreement": lambda: agreement_figure(fixed, frame, names.target),
        "confusion": lambda: confusion_figure(frame, names.classes),
        "labels": lambda: labels_figure(frame, names.classes),
        "errors": lambda: errors_figure(frame, names.inputs),
    }
    figure = figures[kind]()
    st.plotly_chart(figure, key=widget_key("frame", "plot"), config={"displayModeBar": False}, alt=alt)
