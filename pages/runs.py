"""The Runs page: every run in a table, or a comparison of those that the address names."""

import streamlit as st

from pages.ui.runs.comparison.compare import compare_view
from pages.ui.runs.listing import list_view
from trainer import RunStore

store = RunStore.default()
if "compare" in st.query_params:
    compare_view(store, st.query_params["compare"])
else:
    list_view(store)
