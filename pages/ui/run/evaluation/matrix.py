"""The confusion matrix, the threshold of two classes, and the examples of a cell."""

from __future__ import annotations

import functools

import numpy as np
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.evaluation.charts import MOST_CLICKABLE, confusion_figure
from pages.ui.run.evaluation.examples import draw_examples, examples_of
from pages.ui.text import count, escape_markdown
from trainer import Run
from trainer.analysis.evaluation.classification import confusion, rates_at, row_shares
from trainer.analysis.evaluation.evaluating import Evaluation
from trainer.analysis.evaluation.predictions import class_scores, predicted_classes

#: Examples of a cell that are drawn.
_SHOWN = 24
_THRESHOLD = 0.5


def confusion_view(run: Run, found: Evaluation) -> None:
    """Draws the matrix beside the examples of one cell, which a click or two selectors choose."""
    names, y = found.names, found.finite.y
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("##### Confusion matrix")
        threshold = _choose_threshold(names[1]) if len(names) == 2 else _THRESHOLD
        # At 0.5 the more probable class, as everywhere else.
        predicted = predicted_classes(found.finite.output, None if threshold == _THRESHOLD else threshold)
        counts = confusion(y, predicted, len(names))
        if len(names) == 2:
            _draw_rates(counts, names)
        unit = st.segmented_control(
            "Numbers", ["Counts", "Shares"], default="Counts", required=True,
            key=widget_key("evaluation_confusion", "unit"), label_visibility="collapsed",
        )  # fmt: skip
        shares = row_shares(counts)
        st.plotly_chart(
            confusion_figure(counts, shares, names, unit == "Shares"),
            key=_keys(run)[0],
            on_select=functools.partial(_take_cell, run),
            selection_mode="points",
            config={"displayModeBar": False},
            alt=f"Confusion matrix of {len(names)} classes: {int(np.trace(counts)):,} of {len(y):,} predictions are "
            "right. The selectors beside it show the examples of each cell.",
        )
        how = "Click a cell to see its examples. " if len(names) <= MOST_CLICKABLE else ""
        st.caption(f"{how}Colours and shares: of the true class, by row.")
    with right:
        _examples_of_cell(run, found, predicted, counts)


def _choose_threshold(name: str) -> float:
    return st.slider(
        f"Threshold of {escape_markdown(name)}",
        0.0,
        1.0,
        _THRESHOLD,
        0.01,
        key=widget_key("evaluation_threshold", "set"),
        help="This class is predicted where its probability is larger. It changes the matrix and the rates here; "
        "everything else on this page is measured at 0.5.",
    )


def _draw_rates(counts: np.ndarray, names: tuple[str, ...]) -> None:
    rates = rates_at(counts)
    of = f"of {escape_markdown(names[1])}"
    with st.container(horizontal=True, gap="small", key=widget_key("evaluation", "rates")):
        st.metric("True positive rate", format_number(rates.true_positive), width="content", help=f"The recall {of}.")
        st.metric(
            "False positive rate",
            format_number(rates.false_positive),
            width="content",
            help=f"Of the examples of {escape_markdown(names[0])}, the share that is predicted as "
            f"{escape_markdown(names[1])}.",
        )
        st.metric("Precision", format_number(rates.precision), width="content", help=f"The precision {of}.")
        st.metric("Accuracy", format_number(rates.accuracy), width="content", help="At this threshold.")


def _keys(run: Run) -> tuple[str, str, str]:
    """Returns the widget keys of the matrix and of the two selectors; each run has its own classes and mistakes."""
    return (
        widget_key(f"evaluation_confusion_{run.id}", "plot"),
        widget_key(f"evaluation_true_{run.id}", "select"),
        widget_key(f"evaluation_predicted_{run.id}", "select"),
    )


def _take_cell(run: Run) -> None:
    """Shows the examples of the cell that was clicked."""
    plot, true, predicted = _keys(run)
    if points := st.session_state[plot]["selection"]["points"]:
        # A marker is a cell: predicted class across, true class down.
        st.session_state[true], st.session_state[predicted] = int(points[0]["y"]), int(points[0]["x"])


def _examples_of_cell(run: Run, found: Evaluation, predicted: np.ndarray, counts: np.ndarray) -> None:
    names, y = found.names, found.finite.y
    st.markdown("##### Examples of a cell")
    first = _most_frequent_mistake(counts)
    _, true_key, predicted_key = _keys(run)
    for key, place in ((true_key, first[0]), (predicted_key, first[1])):
        if st.session_state.get(key) not in range(len(names)):
            st.session_state[key] = place
    with st.container(horizontal=True):
        true = st.selectbox("True class", range(len(names)), format_func=names.__getitem__, key=true_key)
        given = st.selectbox("Predicted class", range(len(names)), format_func=names.__getitem__, key=predicted_key)
    chosen = np.flatnonzero((y == true) & (predicted == given))
    words = f"**{escape_markdown(names[true])}** predicted as **{escape_markdown(names[given])}**"
    st.markdown(f"{words}: {count(len(chosen), 'example')}")
    if not len(chosen):
        return
    scores = class_scores(found.finite.output)[:, given]
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    split = examples_of(run, found.predictions.split)
    if split is None:
        return
    shown = chosen[:_SHOWN]
    draw_examples(
        run,
        split,
        found.predictions.rows[shown],
        [f"{score:.0%}" if run.spec.is_image else f"{names[given]} {score:.0%}" for score in scores[shown]],
        {"predicted": np.array(names, dtype=object)[predicted[shown]], "probability": scores[shown]},
        "evaluation_cell",
    )
    more = f"The first {_SHOWN} of {len(chosen):,}. " if len(chosen) > _SHOWN else ""
    st.caption(f"{more}Ordered by the probability of {escape_markdown(names[given])}, highest first.")


def _most_frequent_mistake(counts: np.ndarray) -> tuple[int, int]:
    """Returns the cell (true, predicted) off the diagonal with the most examples; (0, 0) if there is no mistake."""
    wrong = counts - np.diag(np.diag(counts))
    return tuple(int(place) for place in np.unravel_index(wrong.argmax(), wrong.shape)) if wrong.any() else (0, 0)
