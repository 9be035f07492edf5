"""A regression's evaluation: predicted against true, residuals, and the largest errors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.catalogue import target_name
from pages.ui.data.charts import histogram_figure
from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.evaluation.charts import predicted_figure, residual_figure
from pages.ui.run.evaluation.examples import draw_examples, examples_of
from pages.ui.text import escape_markdown
from trainer import Run
from trainer.analysis.evaluation.evaluating import Evaluation
from trainer.analysis.evaluation.regression import largest

_NO_BAR = {"displayModeBar": False}
_SHOWN = 12


def value_view(run: Run, found: Evaluation) -> None:
    """Draws everything about the predictions of a number."""
    errors, target = found.errors, target_name(run)
    y, output = found.finite.y.reshape(-1), found.finite.output.reshape(-1)
    unit = f"In the unit of {escape_markdown(target)}."
    with st.container(horizontal=True, gap="large", key=widget_key("evaluation", "figures")):
        st.metric(
            "R²",
            format_number(errors.r2),
            width="content",
            help="The share of the target's variance that the predictions explain. 1 is best; 0: no better than "
            "always predicting the mean of this split.",
        )
        st.metric("Mean absolute error", format_number(errors.mae), width="content", help=unit)
        st.metric("Root mean squared error", format_number(errors.rmse), width="content", help=unit)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Predicted against true")
        st.plotly_chart(
            predicted_figure(y, output, target),
            key=widget_key("evaluation_predicted", "plot"),
            config=_NO_BAR,
            alt=f"Predicted against true {target} of {len(y):,} examples. R² {errors.r2:.4f}.",
        )
        st.caption("On the dotted line the prediction is exact.")
    with right:
        st.markdown("##### Residuals against predictions")
        st.plotly_chart(
            residual_figure(output, errors.residuals, target),
            key=widget_key("evaluation_residuals", "plot"),
            config=_NO_BAR,
            alt=f"True minus predicted {target} against the prediction.",
        )
        st.caption("A curve or a funnel here means that the model misses something systematically.")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Spread of the residuals")
        figure = histogram_figure({found.predictions.split: errors.residuals}, "true − predicted")
        st.plotly_chart(
            figure.update_layout(showlegend=False, margin={"t": 8}),
            key=widget_key("evaluation_spread", "plot"),
            config=_NO_BAR,
            alt=f"Histogram of the residuals, mean {format_number(float(np.mean(errors.residuals)))}.",
        )
    with right:
        st.markdown("##### Largest errors")
        st.fragment(_largest_errors)(run, found)


def _largest_errors(run: Run, found: Evaluation) -> None:
    split = examples_of(run, found.predictions.split)
    if split is None:
        return
    chosen = largest(found.errors.residuals, _SHOWN)
    output, residuals = found.finite.output[chosen].reshape(-1), found.errors.residuals[chosen]
    captions = [
        f"{format_number(float(value + residual))} → {format_number(float(value))}"
        for value, residual in zip(output, residuals, strict=True)
    ]
    columns = {"predicted": output, "true − predicted": residuals}
    draw_examples(run, split, found.predictions.rows[chosen], captions, columns, "evaluation_errors")
