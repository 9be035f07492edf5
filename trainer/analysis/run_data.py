"""A run's own data, exactly as it was split for training; the latest few data sets stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from trainer.config.split_sizes import count_training, count_validation
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.data.splits import Split
from trainer.errors import DataError

#: Data sets in memory at once; one holds all its examples.
_MOST_KEPT = 2
_kept: OrderedDict[str, Dataset] = OrderedDict()
_lock = threading.Lock()


def kept_data(run) -> Dataset | None:
    """Returns the run's data if it is in memory, else None."""
    key = str(run.path)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def data_of(run) -> Dataset:
    """Returns the run's data.

    Args:
        run: a `Run` that has started.

    Raises:
        ConfigError, DataError: it is gone or changed; the message says what to do.
    """
    if (found := kept_data(run)) is not None:
        return found
    config = run.config
    loaded = load_dataset(
        config.dataset,
        config.dataset_options,
        validation_split=config.validation_split,
        seed=config.seed,
        known=run.spec,
    )
    with _lock:
        _kept[str(run.path)] = loaded
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return loaded


def splits_of(dataset: Dataset) -> dict[str, Split]:
    """Returns the splits that there are, by name: those that the model has not learned from first."""
    named = {"test": dataset.test, "validation": dataset.validation, "training": dataset.train}
    return {name: split for name, split in named.items() if split is not None and len(split)}


def load_split(run, name: str) -> Split:
    """Returns a split of the run's data.

    Args:
        run: see `data_of`.
        name: "test", "validation" or "training".

    Raises:
        ConfigError, DataError: see `data_of`; or it has no such split.
    """
    split = splits_of(data_of(run)).get(name)
    if split is None:
        raise DataError(f"The data set of this run has no {name} split. Choose another split.")
    return split


def split_sizes(run) -> dict[str, int]:
    """Returns the examples of each split, the one to look at first in front; empty before the run has started.

    Training is among them only where there is neither a test nor a validation split. No data is read.
    """
    spec, fraction = run.spec, run.config.validation_split
    if spec is None:
        return {}
    validation = spec.validation_examples if fraction else 0
    sizes = {"test": spec.test_examples, "validation": validation or count_validation(spec.examples, fraction)}
    sizes = {name: size for name, size in sizes.items() if size}
    return sizes or {"training": count_training(spec, fraction)}
