"""A model as a row of boxes, from the input to the prediction, with shapes and parameter counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from trainer.analysis.architecture import Layer

#: More boxes than this are cut in the middle.
_MOST, _FIRST, _LAST = 14, 9, 4
_BOX = (
    "border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 6px; padding: 4px 9px; "
    "text-align: center; line-height: 1.35; font-variant-numeric: tabular-nums;"
)
_SMALL = "font-size: 0.8em; color: color-mix(in srgb, currentColor 75%, transparent);"


def model_diagram(layers: Sequence[Layer]) -> None:
    """Draws the layers that have parameters, and how many parameters there are in all.

    Args:
        layers: of one model, or of a GAN's two.
    """
    for name in dict.fromkeys(layer.model for layer in layers):
        if name:
            st.caption(name.capitalize())
        st.html(diagram_html([layer for layer in layers if layer.model == name]))
    total, trainable = sum(layer.parameters for layer in layers), sum(layer.trainable for layer in layers)
    sentence = f"{trainable:,} parameters to train"
    if total > trainable:
        sentence += f", {total - trainable:,} that training does not change"
    st.caption(f"{sentence} · {sum(layer.bytes for layer in layers) / 1e6:,.2f} MB")


def diagram_html(layers: Sequence[Layer]) -> str:
    """Returns the boxes of one model."""
    shown: list[Layer] = []
    for layer in layers:
        if layer.kind == "InputLayer" or layer.parameters:
            shown.append(layer)
        elif layer.kind == "Activation" and shown and not shown[-1].activation:
            shown[-1] = replace(shown[-1], activation=layer.activation)
    boxes = [_box(layer) for layer in shown]
    if len(boxes) > _MOST:
        hidden = len(boxes) - _FIRST - _LAST
        boxes = [*boxes[:_FIRST], f"<div style='{_SMALL}'>{hidden} more</div>", *boxes[-_LAST:]]
    arrow = "<span aria-hidden='true' style='opacity: 0.5'>→</span>"
    label = escape("From input to prediction: " + ", ".join(_describe(layer) for layer in shown), quote=True)
    return (
        f"<div role='img' aria-label='{label}' "
        f"style='display: flex; flex-wrap: wrap; gap: 6px; align-items: center'>{arrow.join(boxes)}</div>"
    )


def _box(layer: Layer) -> str:
    kind = "Input" if layer.kind == "InputLayer" else layer.name if layer.kind == "variable" else layer.kind
    activation = f" · {layer.activation}" if layer.activation else ""
    count = f"{layer.parameters:,} parameters" if layer.parameters else "raw values"
    return (
        f"<div style='{_BOX}'><div>{escape(kind)}</div>"
        f"<div style='{_SMALL}'>{escape(_shape(layer) + activation)}</div><div style='{_SMALL}'>{count}</div></div>"
    )


def _describe(layer: Layer) -> str:
    return f"{'Input' if layer.kind == 'InputLayer' else layer.kind} {_shape(layer)}".strip()


def _shape(layer: Layer) -> str:
    return "×".join("?" if size is None else str(size) for size in layer.output_shape)
