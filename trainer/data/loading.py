"""Loading a data set of the catalog by name."""

from __future__ import annotations

from trainer.config.data_spec import DataSpec
from trainer.config.fitting import dataset_spec
from trainer.config.registry import DATASETS
from trainer.data.copies import note_copies
from trainer.data.dataset import Dataset


def load_dataset(
    name: str, options: dict, *, validation_split: float, seed: int, known: DataSpec | None = None
) -> Dataset:
    """Loads a data set of the catalog and splits it.

    Args:
        name: an entry of `DATASETS`.
        options: its options; defaults are filled in.
        validation_split: the fraction held out for validation, in [0, 1).
        seed: of the split, and of generated data.
        known: the spec that the run stored, or None.

    Raises:
        ConfigError: unknown name or option.
        DataError: the data is missing or unreadable; the message says what to do.
    """
    entry = DATASETS[name]
    options = entry.parse(options)
    arrays = entry.build(seed, **options)
    spec = dataset_spec(name, options)
    dataset = Dataset.from_arrays(arrays, spec, validation_split=validation_split, seed=seed, known=known)
    # Only files need this check: the data sets of the catalog are known.
    dataset.notes = note_copies(dataset) if options.get("path") else ()
    return dataset
