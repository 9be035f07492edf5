"""Class weights: equal, balanced, or one number per class."""

from __future__ import annotations

import streamlit as st

from pages.ui.fields.widgets import choose
from pages.ui.keys import widget_key
from trainer.config.data_spec import DataSpec

_CHOICE, _LIST = widget_key("weights", "select"), widget_key("weights_list", "set")
_LABELS = {None: "Equal", "balanced": "Balanced", "list": "One number per class"}


def fill_class_weight(weights: str | list[float] | None) -> None:
    """Puts the class weights of a configuration into the widgets."""
    is_list = isinstance(weights, list)
    st.session_state[_CHOICE] = "list" if is_list else weights
    if is_list:
        st.session_state[_LIST] = ", ".join(map(str, weights))


def draw_class_weight(goal: DataSpec, help: str) -> str | list[float] | None:
    """Draws the choice and returns `class_weight` of a RunConfig. Other text than numbers is returned as is."""
    choice = choose("weights", "Class weights", _LABELS, help)
    if choice != "list":
        return choice
    st.session_state.setdefault(_LIST, ", ".join(["1.0"] * goal.num_classes))
    text = st.text_input(
        "Weight per class",
        key=_LIST,
        help="One number above 0 per class, separated by commas, in this order: " + _order(goal),
        persist_state="session",
    )
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text  # RunConfig rejects it and says what is allowed.


def _order(goal: DataSpec) -> str:
    names = goal.class_labels
    more = ", …" if len(names) > 10 else ""
    return ", ".join(map(str, names[:10])) + more + "."
