"""Data sets in memory for a look at them: loaded once, and downloaded only when asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import DATASETS, Dataset, TrainerError
from trainer.data.loading import load_dataset
from trainer.data.progress import listening


@dataclass(frozen=True)
class Choice:
    """What the page looks at.

    Attributes:
        label: what a person reads.
        dataset, options: as in a RunConfig.
        validation_split, seed: as the Train page's form has them.
    """

    label: str
    dataset: str
    options: dict[str, Any]
    validation_split: float
    seed: int


def load(choice: Choice) -> Dataset | None:
    """Returns the data set, or None after saying why it is not there and what to do."""
    missing = [file for file in DATASETS[choice.dataset].traits.files if not file.path.is_file()]
    if missing and not _asked_to_download(choice, missing):
        return None
    bar = st.empty()

    def tell(text: str, fraction: float | None) -> None:
        bar.progress(fraction or 0.0, escape_markdown(text))

    try:
        with listening(tell), st.spinner("Reading the data", show_time=True):
            return _load(choice.dataset, json.dumps(choice.options), choice.validation_split, choice.seed)
    except TrainerError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    finally:
        bar.empty()


def _asked_to_download(choice: Choice, missing: list) -> bool:
    names = ", ".join(file.name for file in missing)
    with st.container(border=True, key="data_download_offer"):
        st.markdown(
            f"**{choice.label} is not on this machine yet.** Download it once, or put {escape_markdown(names)} into "
            f"{escape_markdown(str(missing[0].path.parent))} by hand: then it is here without a network."
        )
        return st.button("Download", icon=":material/download:", type="primary", key="data_file_download")


# One: it holds the examples themselves.
@lru_cache(maxsize=1)
def _load(dataset: str, options: str, validation_split: float, seed: int) -> Dataset:
    return load_dataset(dataset, json.loads(options), validation_split=validation_split, seed=seed)
