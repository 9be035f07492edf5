"""The model follows the data until a person chooses one: a CNN for images, an RNN for sequences, an MLP for tables."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from trainer import MODELS
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import suggested_model, why_not

_SELECT = widget_key("model", "select")
#: The data set and the model that the page has put into the form; another model there was chosen by hand.
_PUT = widget_key("model", "suggested")


def remember_suggested_model(choice: str, model: str) -> None:
    """Records that the model of the form comes with its data set, so that another data set may replace it.

    Args:
        choice: the data set as its selector names it.
        model: its name.
    """
    st.session_state[_PUT] = [choice, model]


def suggest_model(choice: str, spec: DataSpec) -> None:
    """Chooses the model that suits newly chosen data. A model that a person has chosen stays if it fits."""
    state = st.session_state
    choice_before, put = state.get(_PUT, (None, None))
    if choice == choice_before:
        return
    chosen = state.get(_SELECT)
    if chosen in (None, put) or chosen not in MODELS or why_not(MODELS[chosen], spec):
        chosen = put = state[_SELECT] = suggested_model(spec)
    state[_PUT] = [choice, put]
