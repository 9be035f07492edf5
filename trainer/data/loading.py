"""Data sets of the catalogue, by name."""

from __future__ import annotations

from trainer.config.data_spec import DataSpec
from trainer.config.fitting import dataset_spec
from trainer.data.copies import note_copies
from trainer.data.dataset import Dataset


def load_dataset(
    name: str, options: dict, *, validation_split: float, seed: int, known: DataSpec | None = None
) -> Dataset:
    """Loads a data set of the catalogue and splits it.

    Args:
        name: an entry of `DATASETS`.
        options: its options; defaults are filled in.
        validation_split: the part kept for validation, in [0, 1).
        seed: of the split, and of data that is made.
        known: what a run has already learned from this data, or None.

    Raises:
        ConfigError: unknown name or option.
        DataError: the data cannot be had or read; the sentence says what to do.
    """
    from trainer.config.registry import DATASETS

    entry = DATASETS[name]
    options = entry.parse(options)
    arrays = entry.build(seed, **options)
    spec = dataset_spec(name, options)
    dataset = Dataset.from_arrays(arrays, spec, validation_split=validation_split, seed=seed, known=known)
    # The data sets of the catalogue are known; a file may hold anything.
    dataset.notes = note_copies(dataset) if options.get("path") else ()
    return dataset
