"""The Train page: set up, start, watch, pause, resume, stop, download."""

import streamlit as st

from pages.ui.run.view import run_view
from pages.ui.train.queue import queue_panel
from pages.ui.train.recent import newest_runs, recent_runs
from pages.ui.train.setup import setup_panel
from pages.ui.train.shown_run import let_begin, shown_run
from pages.ui.train.welcome import offer_interrupted, welcome
from pages.ui.watching import PageState, watch
from trainer import RunStore

store = RunStore.default()
run = shown_run(store)
let_begin(run)
newest = newest_runs(store)
state = PageState.read(store, [*newest, *([run] if run and run not in newest else [])])
setup, live = st.columns([1, 2.9], gap="medium")
with setup:
    config = setup_panel(store, run)
with live:
    queue_panel(store, run)
    if run:
        run_view(store, run)
    else:
        offer_interrupted(store)
        welcome(config)
    recent_runs(newest, run)
watch(state)
