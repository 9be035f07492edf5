"""What can be done with a data set: train on it, rename it, delete it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.catalogue import choice_of
from pages.ui.text import escape_markdown, format_bytes
from trainer import RunStore, TrainerError
from trainer.data.uploads import DatasetStore, UploadedDataset, needs

TRAIN_PAGE = "train.py"


def train_on(dataset: str, options: dict[str, Any]) -> None:
    """Goes to the Train page with the data set chosen there; its options are the same widgets on both pages."""
    st.session_state["train_dataset_select"] = choice_of(dataset, options)
    st.switch_page(TRAIN_PAGE)


@st.dialog("Rename the data set")
def rename_dialog(store: DatasetStore, uploaded: UploadedDataset) -> None:
    """Asks for another display name."""
    with st.form("data_rename_form", border=False):
        name = st.text_input("Name", value=uploaded.name, max_chars=80, key="data_dataset_rename")
        is_sent = st.form_submit_button("Rename", type="primary", key="data_rename_confirm")
    if is_sent:
        try:
            store.rename(uploaded.id, name)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            st.session_state["data_dataset_show"] = uploaded.reference
            st.rerun()


@st.dialog("Delete the data set?")
def delete_dialog(store: DatasetStore, uploaded: UploadedDataset) -> None:
    """Asks before a data set is deleted, and says which runs would miss it."""
    runs = [run for run in RunStore.default().list() if needs(run, uploaded)]
    live = next((run for run in runs if run.is_live), None)
    if live:
        st.markdown(
            f"**{escape_markdown(live.name)}** is {live.status} and needs it. Stop that run before you delete the data."
        )
        return
    sentence = f"**{escape_markdown(uploaded.name)}** ({format_bytes(uploaded.bytes)}) will be gone for good."
    if runs:
        sentence += (
            f" {len(runs)} run{'s were' if len(runs) > 1 else ' was'} trained on it: their curves and downloads stay, "
            "but they cannot be resumed until the same file is uploaded again."
        )
    st.markdown(sentence)
    if st.button("Delete for good", type="primary", key="data_delete_confirm"):
        try:
            store.delete(uploaded.id, runs)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            st.rerun()
