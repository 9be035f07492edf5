"""Import: a run from another installation, as a capsule."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from pages.ui.uploader import receive
from trainer import RunStore, TrainerError
from trainer.export.capsule.unpack import most_bytes

_IMPORTED = widget_key("capsule", "imported", page="runs")  # id of the run that was imported last


def draw_import(store: RunStore) -> None:
    """Draws the menu that takes a capsule, and says what came of the last one."""
    with st.container(horizontal=True, horizontal_alignment="right"), st.popover(
        "Import", icon=":material/upload_file:", key=widget_key("capsule", "import", page="runs"),
        help="Adds a run that another installation packed as capsule.zip: it is shown, compared and resumed here.",
    ), st.container(width=420):  # fmt: skip
        receive(
            lambda run_id: st.session_state.update({_IMPORTED: run_id}),
            "capsules",
            "Import a capsule",
            ".zip",
            "A capsule.zip from the Download menu of another installation. Drop it here or click to choose.",
            most_bytes(),
            key=widget_key("capsule", "upload", page="runs"),
        )
    if run_id := st.session_state.get(_IMPORTED):
        try:
            run = store.get(run_id)
        except TrainerError:
            del st.session_state[_IMPORTED]
            return
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(run.name)}** was imported: {run.status} at step {run.step:,}.")
            st.page_link("train.py", label="Open it", query_params={"run": run.id}, icon=":material/open_in_full:")
