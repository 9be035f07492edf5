"""A classifier's evaluation: figures, each class, curves, calibration and the most confident mistakes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.evaluation.charts import calibration_figure, curves_figure
from pages.ui.run.evaluation.examples import draw_examples, examples_of
from pages.ui.run.evaluation.matrix import confusion_view
from pages.ui.text import escape_markdown
from trainer import Run
from trainer.analysis.evaluation.calibration import BINS
from trainer.analysis.evaluation.classification import class_measures, confident_mistakes, confusion, macro_f1
from trainer.analysis.evaluation.curves import Curves
from trainer.analysis.evaluation.evaluating import Evaluation
from trainer.analysis.evaluation.predictions import class_scores, predicted_classes

_NO_BAR = {"displayModeBar": False}
_MISTAKES = 12


def class_view(run: Run, found: Evaluation) -> None:
    """Draws everything about a classifier's predictions."""
    y, output, names = found.finite.y, found.finite.output, found.names
    predicted = predicted_classes(output)
    _figures(found, predicted)
    st.fragment(confusion_view)(run, found)
    st.markdown("##### Each class")
    frame = class_measures(y, predicted, names)
    if len(names) > 2:
        frame["ROC AUC"] = pd.Series({curve.name: curve.area for curve in found.curves.roc})
        frame["Average precision"] = pd.Series({curve.name: curve.area for curve in found.curves.precision_recall})
    measures_table(frame, "Class", "classes")
    draw_curves(found.curves)
    st.fragment(_calibration_and_mistakes)(run, found)


def _figures(found: Evaluation, predicted: np.ndarray) -> None:
    y, names = found.finite.y, found.names
    counts = confusion(y, predicted, len(names))
    with st.container(horizontal=True, gap="large", key=widget_key("evaluation", "figures")):
        st.metric("Accuracy", format_number(float(np.trace(counts) / len(y))), width="content")
        st.metric(
            "Macro F1",
            format_number(macro_f1(y, predicted, len(names))),
            width="content",
            help="The mean of F1 over the classes, each counted alike.",
        )
        if len(names) == 2 and found.curves.roc:
            st.metric("ROC AUC", format_number(found.curves.roc[0].area), width="content")
            st.metric("Average precision", format_number(found.curves.precision_recall[0].area), width="content")
        st.metric(
            "Calibration error",
            format_number(found.calibration.error),
            width="content",
            help=f"Expected calibration error: Σ (examples in the bin ÷ all) · |accuracy − confidence|, over {BINS} "
            "bins of equal width of the predicted class's probability (Guo et al. 2017, arXiv:1706.04599). 0 is best.",
        )
        st.metric("Mistakes", f"{int((predicted != y).sum()):,}", width="content")


def measures_table(frame: pd.DataFrame, noun: str, key: str) -> None:
    """Draws a row of numbers for each class or label; what is undefined stays empty.

    Args:
        frame: with the classes as index.
        noun: "Class" or "Label".
        key: of the widget key.
    """
    columns = {name: st.column_config.NumberColumn(format="%.4f") for name in frame.columns if name != "Support"}
    columns["Support"] = st.column_config.NumberColumn(
        format="localized", help="The number of examples with it in this split."
    )
    shown = frame.rename_axis(noun).reset_index()
    st.dataframe(
        shown,
        hide_index=True,
        column_config=columns,
        height="content" if len(shown) <= 12 else 460,
        key=widget_key(f"evaluation_{key}", "table"),
    )
    if shown.isna().any(axis=None):
        st.caption(
            f"Empty: undefined in this split. A {noun.lower()} that is never predicted has no precision, and one "
            "without examples has no recall and no curve."
        )


def draw_curves(curves: Curves) -> None:
    """Draws the ROC and precision-recall curves side by side."""
    for note in curves.notes:
        st.caption(escape_markdown(note))
    if not curves.roc:
        return
    left, right = st.columns(2, gap="medium")
    one = curves.roc[0].name if len(curves.roc) == 1 else None
    with left:
        st.markdown("##### ROC" + (f" of {escape_markdown(one)}" if one else ", one against the rest"))
        st.plotly_chart(
            curves_figure(curves.roc, "false positive rate", "true positive rate", True),
            key=widget_key("evaluation_roc", "plot"),
            config=_NO_BAR,
            alt="ROC curves. AUC: " + ", ".join(f"{curve.name} {curve.area:.4f}" for curve in curves.roc) + ".",
        )
    with right:
        st.markdown("##### Precision and recall" + (f" of {escape_markdown(one)}" if one else ", one against the rest"))
        st.plotly_chart(
            curves_figure(curves.precision_recall, "recall", "precision", False),
            key=widget_key("evaluation_pr", "plot"),
            config=_NO_BAR,
            alt="Precision-recall curves. Average precision: "
            + ", ".join(f"{curve.name} {curve.area:.4f}" for curve in curves.precision_recall)
            + ".",
        )


def _calibration_and_mistakes(run: Run, found: Evaluation) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Calibration")
        st.plotly_chart(
            calibration_figure(found.calibration),
            key=widget_key("evaluation_calibration", "plot"),
            config=_NO_BAR,
            alt=f"Accuracy against confidence. Expected calibration error {found.calibration.error:.4f}.",
        )
        st.caption("On the dotted line, predictions made with 80 % probability are right in 80 % of the cases.")
    with right:
        st.markdown("##### Most confident mistakes")
        y, output = found.finite.y, found.finite.output
        wrong = confident_mistakes(y, output, _MISTAKES)
        if not len(wrong):
            st.caption("Every prediction on this split is right.")
            return
        split = examples_of(run, found.predictions.split)
        if split is not None:
            draw_predicted(run, found, split, wrong, "evaluation_mistakes")


def draw_predicted(run: Run, found: Evaluation, split, chosen: np.ndarray, noun: str) -> None:
    """Draws examples of a classification with the true and the predicted class, and its probability.

    Args:
        run: whose data it is.
        found: its evaluation.
        split: that the examples are from.
        chosen: indices into the finite predictions, int (n,).
        noun: of the widget key.
    """
    names = found.names
    scores = class_scores(found.finite.output[chosen])
    places, best = scores.argmax(axis=1), scores.max(axis=1)
    captions = [
        f"{escape_markdown(names[true])} → {escape_markdown(names[place])}, {probability:.0%}"
        for true, place, probability in zip(found.finite.y[chosen], places, best, strict=True)
    ]
    if run.spec.is_image:
        st.caption("True class → predicted class, with its probability.")
    predicted = {"predicted": np.array(names, dtype=object)[places], "probability": best}
    draw_examples(run, split, found.predictions.rows[chosen], captions, predicted, noun)
