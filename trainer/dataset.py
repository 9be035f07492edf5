"""The names of `trainer.data` in one place."""

from trainer.data.dataset import Dataset
from trainer.data.loading import dataset_spec, load_dataset
from trainer.data.own import guess_spec
from trainer.data.specs import GOALS, MOST_VALUES, Column, DataSpec
from trainer.data.splits import Split, check_batch_size, count_training, count_validation, own_split, split_indices
from trainer.data.statistics import measure_columns, measure_inputs
from trainer.data.values import Arrays, Rows, as_finite, as_inputs, as_labels, as_targets, blocks, stream_above

__all__ = [
    "GOALS",
    "MOST_VALUES",
    "Arrays",
    "Column",
    "DataSpec",
    "Dataset",
    "Rows",
    "Split",
    "as_finite",
    "as_inputs",
    "as_labels",
    "as_targets",
    "blocks",
    "check_batch_size",
    "count_training",
    "count_validation",
    "dataset_spec",
    "guess_spec",
    "load_dataset",
    "measure_columns",
    "measure_inputs",
    "own_split",
    "split_indices",
    "stream_above",
]
