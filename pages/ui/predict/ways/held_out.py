"""Test example: one of the run's own examples, with its true target beside the prediction."""

from __future__ import annotations

import secrets

import numpy as np
import streamlit as st

from pages.ui.data.charts import lines_figure
from pages.ui.data.rows import training_frame
from pages.ui.keys import widget_key
from pages.ui.predict.answer import draw_answer
from pages.ui.predict.pictures import enlarged
from pages.ui.predict.trial import Trial
from pages.ui.text import escape_markdown
from trainer import Dataset
from trainer.analysis.predictions.examples import Examples
from trainer.analysis.predictions.predict import answer
from trainer.analysis.run_data import splits_of
from trainer.data.splits import Split

_NUMBER = widget_key("example", "set", page="predict")
_SPLIT = widget_key("split", "select", page="predict")


def try_held_out(trial: Trial) -> None:
    """Draws the choice of an example, the example, and the answer."""
    if trial.dataset is None:
        st.info(
            escape_markdown(f"The run's own examples are not there: {trial.problem}"), icon=":material/database_off:"
        )
        st.caption("The other ways to try the model still work: they need only its checkpoint.")
        return
    splits = splits_of(trial.dataset)
    name, place = _choose(splits)
    split = splits[name]
    x = np.asarray(split.x[place : place + 1], np.float32)
    y = split.y[place]
    found = answer(trial.model, Examples(x))
    if trial.spec.task == "reconstruction":
        draw_answer(trial, x, found)  # It shows the example too.
        return
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        draw_example(trial, x, y)
    with right:
        draw_answer(trial, x, found, y)


def _choose(splits: dict[str, Split]) -> tuple[str, int]:
    """Draws which split and which example; returns the split's name and the example's index."""
    if st.session_state.get(_SPLIT) not in splits:
        st.session_state[_SPLIT] = next(iter(splits))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control("Split", list(splits), format_func=str.capitalize, key=_SPLIT, required=True,
                                    help="The model has not learned from test and validation examples.")  # fmt: skip
        name = name if name in splits else next(iter(splits))
        count = len(splits[name])
        # Set before the widget is drawn, so that the button can change it.
        number = st.session_state.get(_NUMBER)
        st.session_state[_NUMBER] = min(max(int(number), 1), count) if isinstance(number, int | float) else 1
        st.number_input("Example", 1, count, key=_NUMBER, width=150, help=f"From 1 to {count:,}.")
        st.button("At random", icon=":material/shuffle:", key=widget_key("example", "draw", page="predict"),
                  on_click=_draw_lot, args=(count,))  # fmt: skip
    return name, int(st.session_state[_NUMBER] or 1) - 1


def _draw_lot(count: int) -> None:
    st.session_state[_NUMBER] = 1 + secrets.randbelow(count)


def draw_example(trial: Trial, x: np.ndarray, y: np.ndarray) -> None:
    """Draws one example as a picture, a line, or a list of its columns."""
    data = trial.model.data
    if data.is_image:
        st.image(enlarged(x[0], data, 280), width=280)
    elif len(data.input_shape) == 2:
        figure = lines_figure({f"value {place + 1}": x[0, :, place] for place in range(min(x.shape[2], 6))}, "value")
        figure.update_layout(showlegend=x.shape[2] > 1)
        st.plotly_chart(figure, key=widget_key("example", "plot", page="predict"), config={"displayModeBar": False})
    elif len(data.input_shape) == 1:
        one = Split(x, np.asarray(y)[None])
        frame = training_frame(Dataset(data, one), trial.target)
        first = data.num_classes if data.task == "multilabel" else 1
        values = ["" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
                  for value in frame.iloc[0, first:].tolist()]  # fmt: skip
        rows = {"column": list(frame.columns[first:]), "value": values}
        st.dataframe(rows, hide_index=True, height="content" if len(values) <= 10 else 380)
