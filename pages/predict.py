"""The Predict page: try a trained model on examples of the data, or on new ones."""

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.predict.chooser import choose_checkpoint, choose_run, draw_empty, draw_facts, runs_to_try
from pages.ui.predict.loading import ready_predictor
from pages.ui.predict.trying import try_model
from trainer import RunStore

store = RunStore.default()
states = runs_to_try(store)
if not states:
    draw_empty(store)
    st.stop()
left, right = st.columns([1, 2.9], gap="medium")
with left, st.container(key=widget_key("choose", "panel", page="predict"), border=True, gap="small"):
    run = choose_run(store, states)
    source = choose_checkpoint(run) if run else None
    if run:
        draw_facts(run)
with right:
    model = ready_predictor(run, source) if source else None
    if model:
        try_model(run, model)
