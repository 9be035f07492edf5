"""The panel on the left: the data set, its options, and the uploader."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.brought_options import draw_brought_options
from pages.ui.catalogue import HOW_TO_BRING, dataset_labels
from pages.ui.data.target_question import ASKED_KEY
from pages.ui.fields.widgets import choose, draw_options
from pages.ui.text import escape_markdown, format_age, format_bytes
from pages.ui.uploader import uploader
from trainer import DATASETS
from trainer.data.uploads.kept import Brought
from trainer.data.uploads.report import Report
from trainer.data.uploads.store import DatasetStore
from trainer.errors import DataError

_KEY = "data_dataset_select"


def choose_dataset(store: DatasetStore) -> str:
    """Draws the selector; returns an entry's name or "brought:<id>", which the address names as well."""
    labels = dataset_labels(store)
    wanted = st.query_params.get("set") if _KEY not in st.session_state else None
    # Set here, so that the selector shows the new name of what was just renamed.
    wanted = st.session_state.pop("data_dataset_show", wanted)
    if wanted in labels:
        st.session_state[_KEY] = wanted
    choice = choose("dataset", "Data set", labels, HOW_TO_BRING, page="data")
    if st.query_params.get("set") != choice:
        st.query_params["set"] = choice
    return choice


def bring(store: DatasetStore) -> None:
    """Draws the uploader; an uploaded file is chosen at once."""

    def on_uploaded(id: str) -> None:
        try:
            st.session_state[_KEY] = store.get(id).reference
            st.session_state[ASKED_KEY] = id
        except DataError as error:
            st.session_state["data_bring_problem"] = str(error)

    uploader(on_uploaded)
    if problem := st.session_state.pop("data_bring_problem", None):
        st.error(escape_markdown(problem), icon=":material/error:")


def draw_dataset_options(choice: str, brought: Brought | None, report: Report | None) -> dict[str, Any]:
    """Draws the options of a data set and returns them as in a RunConfig."""
    if brought is None:
        entry = DATASETS[choice]
        return draw_options(entry, entry.options)
    st.caption(f"{format_bytes(brought.bytes)} · uploaded {format_age(brought.added)}")
    return draw_brought_options(brought, report)
