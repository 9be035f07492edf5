"""Train: choose, start, watch, pause, resume, stop, download."""

import streamlit as st

from pages.ui.recent import recent_runs
from pages.ui.run_view import run_view
from pages.ui.setup import setup_panel
from pages.ui.welcome import offer_interrupted, welcome
from trainer import Run, RunStore, TrainerError


def chosen_run(store: RunStore) -> Run | None:
    """Returns the run that the address names, or the one that trains now."""
    run_id = st.query_params.get("run")
    if run_id:
        try:
            return store.get(run_id)
        except TrainerError as error:
            st.warning(str(error), icon=":material/search_off:")
            return None
    live = next((run for run in store.list() if run.is_live), None)
    if live:
        st.query_params["run"] = live.id
    return live


store = RunStore.default()
run = chosen_run(store)
setup, live = st.columns([1, 2.9], gap="medium")
with setup:
    setup_panel(store, run)
with live:
    if run:
        run_view(store, run)
    else:
        offer_interrupted(store)
        welcome()
    recent_runs(store, run)
