"""The question that follows an upload: what to predict."""

from __future__ import annotations

import streamlit as st

from pages.ui.text import escape_markdown
from pages.ui.upload_options import apply_change
from trainer.data.uploads import Change, Report, UploadedDataset

#: The data set that was uploaded in this session and not asked about yet.
ASKED_KEY = "data_target_ask"

_SHOWN = 4


def ask_for_target(uploaded: UploadedDataset, report: Report) -> None:
    """Draws the likeliest targets of a table that was just uploaded, each with its reason, until one is chosen."""
    candidates = report.details.get("targets", ())
    if st.session_state.get(ASKED_KEY) != uploaded.id or len(candidates) < 2:
        return
    with st.container(border=True, key="data_target_question", gap="small"):
        st.markdown("##### What do you want to predict?")
        for place, candidate in enumerate(candidates[:_SHOWN]):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(
                    escape_markdown(candidate["name"]),
                    type="secondary" if place else "primary",
                    key=f"data_target_{place}_choose",
                    on_click=_choose,
                    args=(uploaded, candidate["name"]),
                )
                st.caption(escape_markdown(candidate["reason"]))
        st.caption("Any other column can be chosen on the left.")


def _choose(uploaded: UploadedDataset, name: str) -> None:
    apply_change(uploaded, Change("", {"target": name, "task": "auto"}))
    st.session_state.pop(ASKED_KEY, None)
