"""The evaluation of a model of several labels: each label at a threshold, and its curves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.evaluation.classes import draw_curves, measures_table
from trainer import Run
from trainer.analysis.evaluation.classification import label_measures
from trainer.analysis.evaluation.evaluating import Evaluation


def label_view(run: Run, found: Evaluation) -> None:
    """Draws everything about the predictions of several labels."""
    st.fragment(_labels)(found)
    draw_curves(found.curves)


def _labels(found: Evaluation) -> None:
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
