"""The data sets to choose from: built-in ones by their label, then those that people uploaded by their name."""

from __future__ import annotations

from typing import Any

from trainer import DATASETS, Run
from trainer.config.registry import Entry
from trainer.data.uploads import DatasetStore, UploadedDataset, reference_in
from trainer.errors import ConfigError, DataError, TrainerError

#: In the selector's help, on both pages.
HOW_TO_UPLOAD = "What the model learns from. Upload a file of your own on the Data page, and it appears here."


def is_file_reader(entry: Entry) -> bool:
    """Returns whether an entry of `DATASETS` reads a file that its option `path` names."""
    return any(option.name == "path" for option in entry.options)


def dataset_labels(store: DatasetStore) -> dict[str, str]:
    """Returns what a selector offers: an entry's name or "upload:<id>" → what a person reads.

    Readers of a server's path are not among them: a browser names no files here.
    """
    labels = {name: entry.label for name, entry in DATASETS.items() if not is_file_reader(entry)}
    for uploaded in store.list():
        label = uploaded.name
        # A selector tells its choices apart by their labels.
        if label in labels.values():
            label = f"{uploaded.name} ({uploaded.id[:6]})"
        labels[uploaded.reference] = label
    return labels


def find_uploaded(store: DatasetStore, choice: str) -> UploadedDataset | None:
    """Returns the uploaded data set that a choice names, or None for a built-in one.

    Raises:
        DataError: it is not there any more.
    """
    return store.get(reference.partition(":")[2]) if (reference := reference_in(choice)) else None


def choice_of(dataset: str, options: dict[str, Any]) -> str:
    """Returns what a selector must show for the data set of a configuration."""
    return reference_in(str(options.get("path", ""))) or dataset


def refuse_server_path(dataset: str, options: dict[str, Any]) -> None:
    """Raises ConfigError where a file of the server would be read that was not uploaded through the page."""
    if is_file_reader(DATASETS[dataset]) and not reference_in(str(options.get("path", ""))):
        raise ConfigError(
            "This data is a file on the server's own disk, which the page does not open. "
            "Upload the file on the Data page, or train on it from the command line.",
            "path",
        )


def dataset_label(run: Run) -> str:
    """Returns what a run learns from, in a few words; says so where an uploaded data set is gone."""
    config = run.config
    choice = choice_of(config.dataset, config.dataset_options)
    try:
        if uploaded := find_uploaded(DatasetStore.default(), choice):
            return uploaded.name
        return DATASETS[config.dataset].label
    except DataError:
        return "a data set that is gone"
    except TrainerError:
        return config.dataset


def target_name(run: Run) -> str:
    """Returns the column that a run predicts, or "target"."""
    target = run.config.dataset_options.get("target")
    return target if isinstance(target, str) and target else "target"


def is_gone(run: Run) -> bool:
    """Returns whether a run's uploaded data set was deleted."""
    config = run.config
    try:
        find_uploaded(DatasetStore.default(), choice_of(config.dataset, config.dataset_options))
    except DataError:
        return True
    return False
