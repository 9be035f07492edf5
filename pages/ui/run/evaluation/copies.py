"""An autoencoder's evaluation: the error of each example, and the best and the worst copies."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.data.charts import histogram_figure
from pages.ui.data.pictures import scaled, strip
from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.evaluation.examples import draw_examples, examples_of
from pages.ui.waiting import result_of
from trainer import Run
from trainer.analysis.evaluation.evaluating import Evaluation
from trainer.analysis.predictor import predictor

_SHOWN = 8


def copy_view(run: Run, found: Evaluation) -> None:
    """Draws everything about an autoencoder's copies."""
    errors = found.finite.output.reshape(-1)
    with st.container(horizontal=True, gap="large", key=widget_key("evaluation", "figures")):
        st.metric(
            "Mean squared error",
            format_number(float(errors.mean())),
            width="content",
            help="Over all examples and inputs, in the scaled units that the model copies.",
        )
        st.metric("Median of the examples", format_number(float(np.median(errors))), width="content")
        st.metric("Worst example", format_number(float(errors.max())), width="content")
    st.markdown("##### Error of each example")
    figure = histogram_figure({found.predictions.split: errors}, "mean squared error", 260)
    st.plotly_chart(
        figure.update_layout(showlegend=False, margin={"t": 8}),
        key=widget_key("evaluation_copies", "plot"),
        config={"displayModeBar": False},
        alt=f"Histogram of the error of {len(errors):,} examples.",
    )
    st.fragment(_best_and_worst)(run, found)


def _best_and_worst(run: Run, found: Evaluation) -> None:
    split = examples_of(run, found.predictions.split)
    if split is None:
        return
    errors = found.finite.output.reshape(-1)
    order = np.argsort(errors, kind="stable")
    for title, chosen, noun in (("Worst", order[::-1][:_SHOWN], "worst"), ("Best", order[:_SHOWN], "best")):
        st.markdown(f"##### {title} copies")
        rows = found.predictions.rows[chosen]
        if run.spec.is_image and run.spec.rescale:
            _draw_copies(run, found, np.asarray(split.x[rows]), noun)
        else:
            draw_examples(
                run,
                split,
                rows,
                [format_number(float(error)) for error in errors[chosen]],
                {"squared error": errors[chosen]},
                f"evaluation_{noun}",
            )


def _draw_copies(run: Run, found: Evaluation, x: np.ndarray, noun: str) -> None:
    made = found.predictions
    copies = result_of(
        ("copies", str(run.path), made.digest, made.split, noun),
        lambda job: predictor(run, made.step).predict(x),
        "Copying the examples",
    )
    if copies is None:
        return
    both = np.concatenate([scaled(x, run.spec.rescale), np.clip(copies, 0, 1)])
    st.image(strip(both, len(x)), caption="Examples above, their copies below.", width=min(640, 80 * len(x)))
