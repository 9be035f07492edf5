"""Recent runs, newest first."""

from __future__ import annotations

import streamlit as st

from pages.ui.catalogue import dataset_label
from pages.ui.keys import widget_key
from pages.ui.run.status import status_badge
from pages.ui.text import escape_markdown, format_age
from trainer import MODELS, Run, RunStore, TrainerError

_SHOWN = 8


def newest_runs(store: RunStore) -> list[Run]:
    """Returns the runs to list, newest first."""
    return store.newest(_SHOWN)


def recent_runs(runs: list[Run], shown: Run | None) -> None:
    """Lists runs; a click opens one."""
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("##### Recent runs", width="content")
        st.page_link("runs.py", label="All runs", icon=":material/table_rows:")
    rows = st.container(gap="xxsmall")
    for run in runs:
        with rows.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                escape_markdown(run.name),
                key=widget_key(run.id, "open"),
                type="tertiary",
                disabled=shown is not None and run.id == shown.id,
                help="This run is shown above." if shown is not None and run.id == shown.id else None,
                on_click=_open,
                args=(run,),
            )
            status_badge(run.status)
            st.caption(f"{_recipe(run)} · step {run.step:,} · {format_age(run.created)}")


def _recipe(run: Run) -> str:
    """Returns "MLP on Digits", or a note if the configuration cannot be read."""
    try:
        return f"{MODELS[run.config.model].label} on {escape_markdown(dataset_label(run))}"
    except TrainerError:
        return "configuration cannot be read"


def _open(run: Run) -> None:
    st.query_params["run"] = run.id
