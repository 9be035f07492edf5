"""Type a row: a form made of the data's columns."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.predict.answer import draw_answer
from pages.ui.predict.trial import Trial
from pages.ui.text import escape_markdown
from trainer import TrainerError
from trainer.analysis.predictions.predict import answer
from trainer.analysis.predictions.ranges import Range, input_ranges
from trainer.analysis.predictions.tables import columns_of, take_rows
from trainer.config.data_spec import Column, DataSpec

#: Fields in a row, and fields that are shown unasked; a table may have thousands.
_ACROSS, _SHOWN = 2, 24
_MISSING, _OTHER = "(missing)", "(another value)"


def try_row(trial: Trial) -> None:
    """Draws one field per column, and the answer as soon as one is changed."""
    data = trial.model.data
    ranges = input_ranges(trial.dataset) if trial.dataset else _guessed_ranges(data)
    columns, values = columns_of(data), {}
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        for first in range(0, min(len(columns), _SHOWN), _ACROSS):
            values |= _draw_fields(trial, columns, ranges, range(first, min(first + _ACROSS, len(columns), _SHOWN)))
        if len(columns) > _SHOWN:
            with st.expander(f"{len(columns) - _SHOWN:,} more columns"):
                for first in range(_SHOWN, len(columns), _ACROSS):
                    places = range(first, min(first + _ACROSS, len(columns)))
                    values |= _draw_fields(trial, columns, ranges, places)
        st.caption("Each field begins with the training rows' median or most frequent value.")
    with right:
        try:
            table = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in values.items()})
            examples = take_rows(table, data, "The row")
            found = answer(trial.model, examples)
        except TrainerError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        draw_answer(trial, examples.x, found)


def _draw_fields(trial: Trial, columns: tuple[Column, ...], ranges: tuple[Range, ...], places: range) -> dict:
    values = {}
    for place, at in zip(places, st.columns(_ACROSS, vertical_alignment="bottom"), strict=False):
        key = widget_key(f"{trial.run.id}_{place}", "type", page="predict")
        with at:
            column = columns[place]
            values[column.name] = (
                _draw_category(column, key) if column.kind == "category" else _draw_number(column, ranges[place], key)
            )
    return values


def _draw_number(column: Column, known: Range, key: str) -> float | None:
    spread = known.high - known.low
    step = 10.0 ** math.floor(math.log10(spread / 20)) if spread > 0 else 1.0
    # In the state and not as the widget's value: only then can the field be empty.
    st.session_state.setdefault(key, float(f"{known.middle:.6g}"))
    return st.number_input(
        escape_markdown(column.name),
        value=None,
        step=step,
        format="%g",
        placeholder="missing",
        key=key,
        help=f"Training rows: {format_number(known.low)} to {format_number(known.high)}. "
        "Leave it empty for a missing value.",
    )


def _draw_category(column: Column, key: str) -> str | None:
    known = [value for value in column.vocabulary if value]
    # By place: a value may read like one of the two special ones.
    labels = [*known, _MISSING, _OTHER]
    place = st.selectbox(
        escape_markdown(column.name),
        range(len(labels)),
        format_func=lambda place: labels[place],
        key=key,
        help="The values of the training rows, the most frequent first.",
    )
    if not isinstance(place, int) or place == len(known):
        return None
    return known[place] if place < len(known) else _unknown(known)


def _unknown(known: list[str]) -> str:
    """Returns a value that is not in the vocabulary."""
    value = "another value"
    while value in known:
        value += "_"
    return value


def _guessed_ranges(spec: DataSpec) -> tuple[Range, ...]:
    """Returns what the run's statistics say about its inputs where its data is gone."""
    found = []
    for place, column in enumerate(columns_of(spec)):
        mean = spec.mean[place] if len(spec.mean) > place else 0.0
        spread = 2 * math.sqrt(spec.variance[place]) if len(spec.variance) > place else 1.0
        found.append(Range(mean - spread, mean + spread, column.fill if spec.columns else mean))
    return tuple(found)
