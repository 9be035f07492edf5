"""The run's own data: examples with their true targets, and the ranges of its inputs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset

#: Data sets in memory at once; one holds all its examples.
_MOST_KEPT = 2
#: Ranges are of so many training examples.
_MOST_COUNTED = 50_000
_kept: OrderedDict[str, Dataset] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Range:
    """Of one input over the training split.

    Attributes:
        low, high: the smallest and the largest value.
        middle: the median.
    """

    low: float
    high: float
    middle: float


def data_of(run) -> Dataset:
    """Returns the run's data, split as it was trained on; the latest few stay in memory.

    Raises:
        ConfigError, DataError: it is gone or changed; the message says what to do.
    """
    key = str(run.path)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    config = run.config
    loaded = load_dataset(
        config.dataset,
        config.dataset_options,
        validation_split=config.validation_split,
        seed=config.seed,
        known=run.spec,
    )
    with _lock:
        _kept[key] = loaded
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return loaded


def splits_of(dataset: Dataset) -> dict[str, object]:
    """Returns the splits that there are, by name: those that the model has not learned from first."""
    named = {"test": dataset.test, "validation": dataset.validation, "training": dataset.train}
    return {name: split for name, split in named.items() if split is not None and len(split)}


def input_ranges(dataset: Dataset) -> tuple[Range, ...]:
    """Returns the range of each input of examples of shape (features,), over the training split."""
    x = np.asarray(dataset.train.x[:_MOST_COUNTED], np.float64)
    found = []
    for values in x.T:
        known = values[np.isfinite(values)]
        known = known if len(known) else np.zeros(1)
        found.append(Range(float(known.min()), float(known.max()), float(np.median(known))))
    return tuple(found)
