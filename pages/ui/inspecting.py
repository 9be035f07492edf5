"""The report on an uploaded file, with progress while it is made."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import DATASETS
from trainer.data import uploads
from trainer.data.uploads import Limits, Report, UploadedDataset


def inspect(uploaded: UploadedDataset) -> Report:
    """Returns the report on an uploaded file under the guessed options; it is made once and kept."""
    bar = st.empty()
    try:
        return uploaded.inspect(lambda fraction, text: bar.progress(min(fraction, 1.0), escape_markdown(text)))
    finally:
        bar.empty()


def inspect_with(uploaded: UploadedDataset, guessed: Report, options: dict[str, Any]) -> Report:
    """Returns the report under other options than the guessed ones.

    Args:
        uploaded: the data set.
        guessed: the report that was made when it came.
        options: as chosen.
    """
    unsaid = {option.name: option.default for option in DATASETS[uploaded.dataset].options}
    chosen = {name: value for name, value in options.items() if name != "path" and value != unsaid[name]}
    # The same as the guess: reading a large file twice would be felt.
    if all(guessed.options.get(name) == value for name, value in chosen.items()):
        return guessed
    with st.spinner("Checking the file with these options", show_time=True):
        return _inspect(uploaded.path, json.dumps(chosen, sort_keys=True), Limits.from_environment())


@lru_cache(maxsize=16)
def _inspect(path: Path, options: str, limits: Limits) -> Report:
    return uploads.inspect(path, options=json.loads(options), limits=limits)
