"""The ways to try a model: those that make sense for its data, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.predict.loading import data_job, ready_data
from pages.ui.predict.trial import Trial
from pages.ui.predict.ways.drawing import try_drawing
from pages.ui.predict.ways.file import try_file
from pages.ui.predict.ways.held_out import try_held_out
from pages.ui.predict.ways.image import try_image
from pages.ui.predict.ways.noise import try_noise
from pages.ui.predict.ways.row import try_row
from pages.ui.predict.ways.sequence import try_sequence
from pages.ui.predict.ways.sliders import try_sliders
from trainer import Run
from trainer.analysis.predictor import Predictor

_WAY = widget_key("way", "select", page="predict")


@dataclass(frozen=True)
class Way:
    """A way to give the model something to predict.

    Attributes:
        label: in the control.
        icon: beside it.
        draw: draws the input and the answer.
        data: whether the run's own data is needed, or used where it is there.
        is_fragment: whether a change runs this part of the page alone.
    """

    label: str
    icon: str
    draw: Callable[[Trial], None]
    data: Literal["", "used", "needed"] = ""
    is_fragment: bool = True


HELD_OUT = Way("Test example", ":material/fact_check:", try_held_out, "needed")
DRAW = Way("Draw", ":material/draw:", try_drawing)
IMAGE = Way("Image file", ":material/image:", try_image)
ROW = Way("Type a row", ":material/edit_note:", try_row, "used")
SLIDERS = Way("Sliders", ":material/tune:", try_sliders, "used")
SEQUENCE = Way("Values", ":material/timeline:", try_sequence, "used")
FILE = Way("File", ":material/upload_file:", try_file, is_fragment=False)
NOISE = Way("Noise", ":material/grain:", try_noise)
#: Inputs that get a slider each.
_MOST_SLIDERS = 2


def ways_for(model: Predictor) -> list[Way]:
    """Returns the ways that make sense for a model, the one to begin with first."""
    spec = model.data
    if model.spec.task == "generation":
        return [NOISE]
    if spec.is_image:
        drawn = [DRAW] if spec.input_shape[-1] == 1 else []
        files = [IMAGE] if spec.input_shape[-1] in (1, 3) else []
        return [HELD_OUT, *drawn, *files, FILE]
    if len(spec.input_shape) == 2:
        return [HELD_OUT, SEQUENCE, FILE]
    if len(spec.input_shape) == 1:
        is_plain = not spec.columns and spec.input_shape[0] <= _MOST_SLIDERS
        return [SLIDERS if is_plain else ROW, HELD_OUT, FILE]
    return [HELD_OUT, FILE]


def try_model(run: Run, model: Predictor) -> None:
    """Draws the ways and the chosen one."""
    ways = {way.label: way for way in ways_for(model)}
    if st.session_state.get(_WAY) not in ways:
        st.session_state[_WAY] = next(iter(ways))
    chosen = st.segmented_control(
        "Try the model with",
        list(ways),
        format_func=lambda label: f"{ways[label].icon} {label}",
        key=_WAY,
        required=True,
        persist_state="session",
    )
    way = ways.get(chosen) or next(iter(ways.values()))
    dataset, problem = None, ""
    if way.data:
        dataset = ready_data(run)
        job = data_job(run)
        if dataset is None and not job.error:
            return  # The progress is drawn.
        problem = job.error
    trial = Trial(run, model, dataset, problem)
    (st.fragment(way.draw) if way.is_fragment else way.draw)(trial)
