"""The evaluation of a model of several labels: each label at a threshold, and its curves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.evaluation.classes import draw_curves, measures_table
from pages.ui.run.evaluation.examples import draw_examples, examples_of
from pages.ui.text import count
from trainer import Run
from trainer.analysis.evaluation.classification import label_measures
from trainer.analysis.evaluation.evaluating import Evaluation

_SHOWN = 12
_MISSED = "Missed"
#: What a person asks for → whether the label is there, and whether it is predicted.
_WHICH = {_MISSED: (True, False), "False alarms": (False, True), "Found": (True, True)}


def label_view(run: Run, found: Evaluation) -> None:
    """Draws everything about the predictions of several labels."""
    st.fragment(_labels)(run, found)
    draw_curves(found.curves)


def _labels(run: Run, found: Evaluation) -> None:
    y, output = found.finite.y, found.finite.output
    threshold = st.slider(
        "Threshold",
        0.0,
        1.0,
        0.5,
        0.01,
        key=widget_key("evaluation_label_threshold", "set"),
        width=420,
        help="A label is predicted where its probability is larger. The curves below cover all thresholds.",
    )
    predicted = output > threshold
    with st.container(horizontal=True, gap="large", key=widget_key("evaluation", "figures")):
        st.metric(
            "Right labels",
            format_number(float((predicted == (y > 0.5)).mean())),
            width="content",
            help="The share of all labels of all examples that are right, present or absent.",
        )
        st.metric(
            "All labels right",
            format_number(float((predicted == (y > 0.5)).all(axis=1).mean())),
            width="content",
            help="The share of examples whose labels are all right.",
        )
        st.metric("Labels for each example", format_number(float(np.mean(predicted.sum(axis=1)))), width="content")
    st.markdown("##### Each label")
    measures_table(label_measures(y, output, found.names, threshold), "Label", "labels")
    _examples(run, found, predicted)


def _examples(run: Run, found: Evaluation, predicted: np.ndarray) -> None:
    """Draws the examples of one label that the model misses, or finds where it is not.

    Args:
        run: the run.
        found: its evaluation.
        predicted: bool (n, labels), at the chosen threshold.
    """
    st.markdown("##### Examples of a label")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Label",
            range(len(found.names)),
            format_func=lambda place: found.names[place],
            key=widget_key("evaluation_label", "select"),
            width=260,
        )
        which = st.segmented_control(
            "Which",
            list(_WHICH),
            default=_MISSED,
            required=True,
            key=widget_key("evaluation_label_which", "select"),
            label_visibility="collapsed",
        )
    is_true, is_predicted = found.finite.y[:, label] > 0.5, predicted[:, label]
    wanted_true, wanted_predicted = _WHICH[which]
    chosen = np.flatnonzero((is_true == wanted_true) & (is_predicted == wanted_predicted))
    st.caption(f"{count(len(chosen), 'example')}{f', of which {_SHOWN} are shown' if len(chosen) > _SHOWN else ''}.")
    split = examples_of(run, found.predictions.split) if len(chosen) else None
    if split is None:
        return
    probability = found.finite.output[:, label]
    # The surest come first.
    surest = np.argsort(-probability[chosen] if wanted_predicted else probability[chosen], kind="stable")
    chosen = chosen[surest][:_SHOWN]
    captions = [f"{value:.0%}" for value in probability[chosen]]
    columns = {"probability": probability[chosen]}
    draw_examples(run, split, found.predictions.rows[chosen], captions, columns, "evaluation_label")
