"""The sketch: a square to draw on with mouse, pen or finger."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from trainer.analysis.predictions.drawings import SIDE

_FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "traindeck_sketch",
    html=(_FOLDER / "sketch.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "sketch.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "sketch.js").read_text(encoding="utf-8"),
)


def sketch(brush: float, *, key: str) -> object:
    """Draws the square and returns what is drawn on it.

    Args:
        brush: the brush's first width, as a part of the side, in (0, 0.3].
        key: the component's key.

    Returns:
        What the browser sent after the last stroke, unchecked: see `decode_drawing`. "" if nothing was drawn.
    """
    # Without a callback, a stroke would not run the page again.
    drawn = _component(
        key=key, data={"side": SIDE, "brush": brush}, default={"drawing": ""}, on_drawing_change=lambda: None
    )
    return drawn.drawing
