"""The Runs page: every run in a table, the sweeps, or what the address names: a comparison, or one sweep."""

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.runs.comparison.compare import compare_view
from pages.ui.runs.listing import list_view
from pages.ui.sweeps.listing import sweeps_list
from pages.ui.sweeps.view import sweep_view
from trainer import RunStore

store = RunStore.default()
if "compare" in st.query_params:
    compare_view(store, st.query_params["compare"])
elif "sweep" in st.query_params:
    sweep_view(store, st.query_params["sweep"])
else:
    key = widget_key("view", "select", page="runs")
    runs, sweeps = st.tabs(["Runs", "Sweeps"], key=key, on_change="rerun", bind="query-params")
    if runs.open:
        with runs:
            list_view(store)
    if sweeps.open:
        with sweeps:
            sweeps_list(store)
