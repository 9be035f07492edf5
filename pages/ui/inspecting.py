"""The report on a brought file, with progress while it is made."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import DATASETS
from trainer.data.uploads.kept import Brought
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.report import Report


def inspect(brought: Brought) -> Report:
    """Returns the report on a brought file under the guessed options; it is made once and kept."""
    bar = st.empty()
    try:
        return brought.inspect(lambda fraction, text: bar.progress(min(fraction, 1.0), escape_markdown(text)))
    finally:
        bar.empty()


def inspect_with(brought: Brought, guessed: Report, options: dict[str, Any]) -> Report:
    """Returns the report under other options than the guessed ones.

    Args:
        brought: the data set.
        guessed: the report that was made when it came.
        options: as chosen.
    """
    unsaid = {option.name: option.default for option in DATASETS[brought.dataset].options}
    chosen = {name: value for name, value in options.items() if name != "path" and value != unsaid[name]}
    # The same as the guess: reading a large file twice would be felt.
    if all(guessed.options.get(name) == value for name, value in chosen.items()):
        return guessed
    with st.spinner("Checking the file with these options", show_time=True):
        return _inspect(brought.path, json.dumps(chosen, sort_keys=True), Limits.from_environment())


@lru_cache(maxsize=16)
def _inspect(path: Path, options: str, limits: Limits) -> Report:
    from trainer.data.uploads.inspection import inspect_file

    return inspect_file(path, options=json.loads(options), limits=limits)
