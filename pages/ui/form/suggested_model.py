"""Suggests a model until the user chooses one: a CNN for images, an RNN for sequences, an MLP for tables."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from trainer import MODELS
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import suggested_model, why_not

_SELECT = widget_key("model", "select")
#: [data set, model] as last suggested. Another model in the form was chosen by the user.
_SUGGESTED = widget_key("model", "suggested")


def remember_suggested_model(choice: str, model: str) -> None:
    """Records that the model in the form was suggested, so that another data set may replace it.

    Args:
        choice: the data set, as in its selector.
        model: name of the model.
    """
    st.session_state[_SUGGESTED] = [choice, model]


def suggest_model(choice: str, spec: DataSpec) -> None:
    """Selects the model that suits newly chosen data. A model chosen by the user stays if it fits."""
    state = st.session_state
    choice_before, put = state.get(_SUGGESTED, (None, None))
    if choice == choice_before:
        return
    chosen = state.get(_SELECT)
    if chosen in (None, put) or chosen not in MODELS or why_not(MODELS[chosen], spec):
        chosen = put = state[_SELECT] = suggested_model(spec)
    state[_SUGGESTED] = [choice, put]
