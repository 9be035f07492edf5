"""The header of the Data page: the data set, its source, and what can be done with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import DATASETS
from trainer.config.fitting import dataset_spec
from trainer.data.uploads import UploadedDataset


def data_header(dataset: str, options: dict[str, Any], uploaded: UploadedDataset | None, is_ready: bool) -> str | None:
    """Draws name, source and buttons.

    Args:
        dataset, options: as in a RunConfig.
        uploaded: the data set if it was uploaded.
        is_ready: whether it can be trained on with these options.

    Returns:
        "Train on this", "Rename" or "Delete" if one was clicked.
    """
    entry = DATASETS[dataset]
    with st.container(horizontal=True, vertical_alignment="center", key="data_dataset_header"):
        st.subheader(escape_markdown(uploaded.name if uploaded else entry.label), anchor=False, width="content")
        st.space("stretch")
        train = st.button(
            "Train on this",
            type="primary",
            icon=":material/play_circle:",
            key="data_dataset_train",
            disabled=not is_ready,
            help="Opens the Train page with this data set chosen."
            if is_ready
            else "The report names what must be fixed before training.",
        )
        more = None
        if uploaded:
            more = st.menu_button("More", ["Rename", "Delete"], key="data_dataset_more", icon=":material/more_horiz:")
    if uploaded:
        name = "" if uploaded.file_name == uploaded.name else f"{uploaded.file_name} · "
        st.caption(f"{escape_markdown(name)}SHA-256 {uploaded.sha256[:16]}…")
    else:
        st.markdown(entry.help)
        if is_ready:
            _origin(dataset, options)
    return "Train on this" if train else more


def _origin(dataset: str, options: dict[str, Any]) -> None:
    spec = dataset_spec(dataset, DATASETS[dataset].parse(options))
    host = urlsplit(spec.url).hostname or ""
    link = f" · [{escape_markdown(host)}]({spec.url})" if spec.url else ""
    st.caption(f"Source: {escape_markdown(spec.source)} · licence: {escape_markdown(spec.licence)}{link}")
