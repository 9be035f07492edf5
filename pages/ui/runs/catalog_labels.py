"""What a list calls data sets and models, without opening any run's configuration twice."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from pages.ui.catalogue import is_file_reader
from trainer import DATASETS, MODELS, RunStore
from trainer.data.uploads import DatasetStore, reference_in
from trainer.runs.state import RunState

UNKNOWN = "unknown"


class CatalogLabels:
    """Labels for one drawing of a list; the uploaded data sets are looked up once.

    Args:
        store: of the runs.
    """

    def __init__(self, store: RunStore):
        self._path = store.path
        self._uploaded: dict[str, str] | None = None

    def dataset(self, state: RunState) -> str:
        """Returns the label of a built-in data set, or the name of an uploaded one."""
        if not state.dataset:
            return UNKNOWN
        if state.dataset not in DATASETS:
            return state.dataset
        entry = DATASETS[state.dataset]
        reference = _read_reference(self._path / state.id) if is_file_reader(entry) else None
        if not reference:
            return entry.label
        if self._uploaded is None:
            self._uploaded = {uploaded.reference: uploaded.name for uploaded in DatasetStore.default().list()}
        return self._uploaded.get(reference, f"{entry.label} (deleted)")

    def model(self, state: RunState) -> str:
        """Returns the label of the model."""
        if not state.model:
            return UNKNOWN
        return MODELS[state.model].label if state.model in MODELS else state.model


# A run's config.json never changes.
@lru_cache(maxsize=4096)
def _read_reference(folder: Path) -> str | None:
    try:
        options = json.loads((folder / "config.json").read_bytes())["dataset_options"]
        return reference_in(str(options["path"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
