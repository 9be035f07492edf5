"""The splits of a run's data that its model can be evaluated on."""

from __future__ import annotations

import threading
from collections import OrderedDict

from trainer.config.split_sizes import count_training, count_validation
from trainer.data.loading import load_dataset
from trainer.data.splits import Split
from trainer.errors import DataError

#: Splits in memory: they hold the examples themselves.
_MOST_KEPT = 2

_kept: OrderedDict[tuple[str, str], Split] = OrderedDict()
_lock = threading.Lock()


def split_sizes(run) -> dict[str, int]:
    """Returns the examples of each split, the one to look at first in front; empty before the run has started.

    Training is among them only where there is neither a test nor a validation split.
    """
    spec, fraction = run.spec, run.config.validation_split
    if spec is None:
        return {}
    validation = spec.validation_examples if fraction else 0
    sizes = {"test": spec.test_examples, "validation": validation or count_validation(spec.examples, fraction)}
    sizes = {name: size for name, size in sizes.items() if size}
    return sizes or {"training": count_training(spec, fraction)}


def kept_split(run, name: str) -> Split | None:
    """Returns a split of a run that is in memory, or None."""
    with _lock:
        return _kept.get((str(run.path), name))


def load_split(run, name: str) -> Split:
    """Returns a split exactly as the run uses it; keeps the latest few in memory.

    Args:
        run: a `Run` that has started.
        name: "test", "validation" or "training".

    Raises:
        DataError: the data set is gone, or has no such split.
        ConfigError: the data set does not know an option of the run.
    """
    if (found := kept_split(run, name)) is not None:
        return found
    config = run.config
    data = load_dataset(
        config.dataset,
        config.dataset_options,
        validation_split=config.validation_split,
        seed=config.seed,
        known=run.spec,
    )
    split = {"test": data.test, "validation": data.validation, "training": data.train}[name]
    if split is None:
        raise DataError(f"The data set of this run has no {name} split. Choose another split.")
    with _lock:
        _kept[str(run.path), name] = split
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return split
