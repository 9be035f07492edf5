"""The panel on the left: the data set, its options, and the uploader."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.catalogue import HOW_TO_UPLOAD, dataset_labels
from pages.ui.data.target_question import ASKED_KEY
from pages.ui.fields.widgets import choose, draw_options
from pages.ui.text import escape_markdown, format_age, format_bytes
from pages.ui.upload_options import draw_upload_options
from pages.ui.uploader import uploader
from trainer import DATASETS
from trainer.data.uploads import DatasetStore, Report, UploadedDataset, reference_in
from trainer.errors import DataError

_KEY = "data_dataset_select"


def choose_dataset(store: DatasetStore) -> str:
    """Draws the selector; returns an entry's name or "upload:<id>", which the address names as well."""
    labels = dataset_labels(store)
    wanted = st.query_params.get("set", "") if _KEY not in st.session_state else ""
    wanted = reference_in(wanted) or wanted
    # Set here, so that the selector shows the new name of what was just renamed.
    wanted = st.session_state.pop("data_dataset_show", wanted)
    if wanted in labels:
        st.session_state[_KEY] = wanted
    choice = choose("dataset", "Data set", labels, HOW_TO_UPLOAD, page="data")
    if st.query_params.get("set") != choice:
        st.query_params["set"] = choice
    return choice


def draw_uploader(store: DatasetStore) -> None:
    """Draws the uploader; an uploaded file is chosen at once."""

    def on_uploaded(id: str) -> None:
        try:
            st.session_state[_KEY] = store.get(id).reference
            st.session_state[ASKED_KEY] = id
        except DataError as error:
            st.session_state["data_upload_problem"] = str(error)

    uploader(on_uploaded)
    if problem := st.session_state.pop("data_upload_problem", None):
        st.error(escape_markdown(problem), icon=":material/error:")


def draw_dataset_options(choice: str, uploaded: UploadedDataset | None, report: Report | None) -> dict[str, Any]:
    """Draws the options of a data set and returns them as in a RunConfig."""
    if uploaded is None:
        entry = DATASETS[choice]
        return draw_options(entry, entry.options)
    st.caption(f"{format_bytes(uploaded.bytes)} · uploaded {format_age(uploaded.added)}")
    return draw_upload_options(uploaded, report)
