"""Values: a sequence, typed or pasted."""

from __future__ import annotations

import math
import re

import numpy as np
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.predict.answer import draw_answer
from pages.ui.predict.trial import Trial
from pages.ui.predict.ways.held_out import draw_example
from pages.ui.text import count, escape_markdown
from trainer import TrainerError
from trainer.analysis.predictions.arrays import take_array
from trainer.analysis.predictions.predict import answer
from trainer.analysis.run_data import splits_of
from trainer.errors import DataError

_LONGEST = 200_000


def try_sequence(trial: Trial) -> None:
    """Draws the text field, the sequence as a line, and the answer."""
    data = trial.model.data
    key = widget_key(trial.run.id, "paste", page="predict")
    if key not in st.session_state and trial.dataset:
        first = np.asarray(next(iter(splits_of(trial.dataset).values())).x[0], float).reshape(-1)
        st.session_state[key] = " ".join(f"{value:.4g}" for value in first)
    steps, width = data.input_shape
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        text = st.text_area(
            f"{count(steps * width, 'number')}: " + (f"{steps} steps of {width}" if width > 1 else "one for each step"),
            key=key,
            height=130,
            max_chars=_LONGEST,
            help="Separated by spaces, commas or line ends, such as a column copied from a spreadsheet.",
        )
    try:
        numbers = read_numbers(text or "", math.prod(data.input_shape))
        examples = take_array(numbers.reshape(data.input_shape), data.input_shape, "The sequence")
        found = answer(trial.model, examples)
    except TrainerError as error:
        right.info(escape_markdown(str(error)), icon=":material/edit:")
        return
    with right:
        draw_answer(trial, examples.x, found)
    with left:
        draw_example(trial, examples.x, np.zeros(1))


def read_numbers(text: str, expected: int) -> np.ndarray:
    """Returns the numbers in a text, float64 (expected,).

    Raises:
        DataError: one is no number, or there are more or fewer.
    """
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    values = []
    for place, part in enumerate(parts, 1):
        try:
            values.append(float(part))
        except ValueError:
            raise DataError(f"Number {place} must be a number, such as 0.5. Received: {part[:20]!r}.") from None
    if len(values) != expected:
        raise DataError(f"There must be {expected:,} numbers. Received: {len(values):,}. Add or remove some.")
    return np.array(values)
