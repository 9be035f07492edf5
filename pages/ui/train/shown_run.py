"""Which run the Train page shows."""

from __future__ import annotations

import contextlib
import time

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from trainer import Run, RunStore, TrainerError
from trainer.errors import RunNotFound
from trainer.training.engine.start_up import is_warm

_SHOWN = widget_key("run", "shown")  # [id, name] of the last run shown in this session
#: Longer than it takes to build a small model.
_SECONDS_TO_BEGIN = 0.25


def shown_run(store: RunStore) -> Run | None:
    """Returns the run in the URL, else the run shown before a page switch, else the run that is training."""
    run_id = st.query_params.get("run")
    if run_id:
        return _find(store, run_id)
    last_id, _ = st.session_state.get(_SHOWN, (None, None))
    live = None
    if last_id:
        with contextlib.suppress(TrainerError):
            live = store.get(last_id)
    live = live or next(iter(store.newest(1, "running") or store.newest(1, "queued")), None)
    if live:
        st.query_params["run"] = live.id
        st.session_state[_SHOWN] = [live.id, live.name]
    return live


def _find(store: RunStore, run_id: str) -> Run | None:
    last_id, last_name = st.session_state.get(_SHOWN, (None, None))
    try:
        run = store.get(run_id)
    except RunNotFound as error:
        sentence = f"{last_name} was deleted." if run_id == last_id else str(error)
        st.warning(escape_markdown(sentence), icon=":material/search_off:")
        return None
    except TrainerError as error:
        st.warning(escape_markdown(str(error)), icon=":material/search_off:")
        return None
    st.session_state[_SHOWN] = [run.id, run.name]
    return run


def let_begin(run: Run | None) -> None:
    """Waits a moment for a run that is about to train: drawn as queued, the page would be drawn again at once."""
    if run is None or not is_warm():
        return
    deadline = time.monotonic() + _SECONDS_TO_BEGIN
    while run.is_trained_here and not run.is_waiting and run.status == "queued" and time.monotonic() < deadline:
        time.sleep(0.005)
