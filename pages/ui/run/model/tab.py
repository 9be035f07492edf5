"""The tab: a checkpoint's layers and filters, and how gradients, learning rate and weights went."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui.data.pictures import scaled, strip
from pages.ui.keys import widget_key
from pages.ui.run.checkpoint_choice import Chosen, choose_checkpoint
from pages.ui.run.model.charts import line_figure, spread_figure, thinned
from pages.ui.text import count, escape_markdown, format_bytes
from pages.ui.waiting import result_of, shown_result
from trainer import Run
from trainer.analysis.architecture import Layer, ask_layers
from trainer.analysis.histograms import read_spreads
from trainer.analysis.predictor import predictor
from trainer.analysis.weights import ModelView, view_model

_NO_BAR = {"displayModeBar": False}
_MOST_FILTERS = 64


def model_tab(run: Run) -> None:
    """Draws what the model of a run is made of."""
    view = None
    if run.checkpoints:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = choose_checkpoint(run, "model", "Show the weights")
        view = _view(run, chosen) if chosen else None
    _layers(run, view)
    _curves(run)
    if view is not None and view.filters is not None:
        _filters(view)
    st.fragment(_spreads)(run)


def _view(run: Run, chosen: Chosen) -> ModelView | None:
    return result_of(
        ("model", str(run.path), chosen.digest),
        lambda job: view_model(predictor(run, chosen.step)),
        f"Reading the checkpoint of step {chosen.step:,}",
    )


def _layers(run: Run, view: ModelView | None) -> None:
    layers = view.layers if view else None
    if layers is None:
        layers = shown_result(ask_layers(run.config), "Building the model")
    if not layers:
        return
    st.markdown("##### Layers")
    frame = layer_table(layers)
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= 14 else 500,
        column_config={name: st.column_config.NumberColumn(format="localized") for name in ("Parameters", "Trainable")},
        key=widget_key("model", "table"),
    )
    size = sum(layer.bytes for layer in layers)
    words = [
        f"{count(sum(layer.parameters for layer in layers), 'parameter')}, of which training changes "
        f"{sum(layer.trainable for layer in layers):,}: {format_bytes(size)} of weights."
    ]
    if view:
        words.append(
            f"The optimizer keeps {count(view.optimizer_numbers, 'number')} beside them, such as its means of the "
            f"gradients: {format_bytes(view.optimizer_bytes)}. Both are in each checkpoint."
        )
    st.caption(" ".join(words))


def layer_table(layers: tuple[Layer, ...]) -> pd.DataFrame:
    """Returns one row for each layer, for people."""
    rows = [
        {
            "Layer": layer.name,
            "Kind": f"{layer.kind}, {layer.activation}" if layer.activation else layer.kind,
            "Output": "×".join(map(str, layer.output_shape)) or "–",
            "Parameters": layer.parameters,
            "Trainable": layer.trainable,
            "Memory": format_bytes(layer.bytes) if layer.bytes else "–",
        }
        | ({"Model": layer.model} if layer.model else {})
        for layer in layers
    ]
    return pd.DataFrame(rows)


def _curves(run: Run) -> None:
    rows = run.history.rows(0, len(run.history))
    left, right = st.columns(2, gap="medium")
    parts = (
        (left, "grad_norm", "Gradient norm", "gradient norm", 3, True),
        (right, "learning_rate", "Learning rate", "learning rate", 0, False),
    )
    for place, column, title, axis, color, log in parts:
        with place:
            st.markdown(f"##### {title}")
            steps, values, stride = thinned(rows.get("step", np.zeros(0, int)), rows.get(column, np.zeros(0)))
            if not len(values):
                st.caption("Nothing is measured yet. It is drawn here after the first steps.")
                continue
            st.plotly_chart(
                line_figure(steps, values, axis, color, log and float(values.min()) > 0),
                key=widget_key(f"model_{column}", "plot"),
                config=_NO_BAR,
                alt=f"{title} over {steps[-1]:,} steps, from {values[0]:.4g} to {values[-1]:.4g}.",
            )
            if stride > 1:
                st.caption(f"The largest of each {stride:,} measured steps.")


def _filters(view: ModelView) -> None:
    shown = view.filters[:_MOST_FILTERS]
    st.markdown("##### Filters of the first convolution")
    # Each by its own range: what matters is the pattern.
    if shown.shape[-1] not in (1, 3):
        shown = shown.mean(axis=-1, keepdims=True)
    columns = min(8, len(shown))
    pixels = np.concatenate([scaled(one[None], None) for one in shown])
    st.image(strip(pixels, columns), width=68 * columns)
    words = f"{count(len(view.filters), 'filter')} of step {view.step:,}, each from its lowest weight (black) to its "
    more = f" The first {_MOST_FILTERS} are shown." if len(view.filters) > _MOST_FILTERS else ""
    st.caption(f"{words}highest (white).{more}")


def _spreads(run: Run) -> None:
    st.markdown("##### Weights and gradients over the epochs")
    found = read_spreads(run.path)
    kinds = [kind for kind in ("weights", "gradients") if found.get(kind)]
    if not kinds:
        st.caption(
            "This run stored no histograms. Turn on **Weight histograms** under Advanced on the Train page, and each "
            "epoch of the next run stores how its weights and gradients are spread."
            if not run.config.histograms
            else "The first histograms are stored at the end of the first epoch."
        )
        return
    kind = st.segmented_control(
        "Of",
        kinds,
        default=kinds[0],
        required=True,
        format_func=str.capitalize,
        key=widget_key("model_spread", "kind"),
        label_visibility="collapsed",
    )
    layers = list(found[kind])
    for first in range(0, len(layers), 2):
        for place, layer in zip(st.columns(2, gap="medium"), layers[first : first + 2], strict=False):
            with place:
                st.markdown(f"**{escape_markdown(layer)}**")
                st.plotly_chart(
                    spread_figure(found[kind][layer], kind),
                    key=widget_key(f"model_spread_{kind}_{first}_{layer}", "plot"),
                    config=_NO_BAR,
                    alt=f"Spread of the {kind} of {layer} over {len(found[kind][layer].epochs)} epochs.",
                )
    st.caption("The stronger the colour, the more of the layer's values.")
