"""A data set, split, and the order in which training sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.config.split_sizes import count_validation
from trainer.data.own_data import own_splits, read_batches
from trainer.data.splits import Split, own_split, split_indices
from trainer.data.statistics import measure_inputs
from trainer.data.values import Arrays, Rows, as_inputs, as_targets, map_parts, recode, stream_above
from trainer.data.vocabularies import adopt, code_tables, learn_vocabularies
from trainer.errors import DataError


class Dataset:
    """A data set, split and ready to be trained on.

    The order of training is a function of (seed, epoch), and the position is the step number, so that an exact resume
    needs no other state.

    Args:
        spec: what is known about it.
        train, validation, test: its splits; the last two may be None.

    Attributes:
        notes: warnings about the data, as sentences.
    """

    def __init__(self, spec: DataSpec, train: Split, validation: Split | None = None, test: Split | None = None):
        self.spec, self.train, self.validation, self.test = spec, train, validation, test
        self.notes: tuple[str, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        x,
        y=None,
        spec: DataSpec | None = None,
        *,
        validation_data: tuple | None = None,
        validation_split: float = 0.0,
        seed: int = 0,
        known: DataSpec | None = None,
    ) -> Dataset:
        """Splits arrays by `seed`, with every class in both splits if possible.

        Args:
            x: examples: anything that numpy can convert to an array; {name: array} or (array, …) for several inputs; a
                `tf.data.Dataset` of batches (x, y); or `Arrays`.
            y: targets: whole-number or text labels, one-hot labels, numbers; {name: array} or (array, …) for several
                outputs.
            spec: what is known about them; inferred from the arrays if None (whole-number targets: classes).
            validation_data: (x, y) to use for validation, or None.
            validation_split: the fraction held out for validation, in [0, 1); if `Arrays` have their own validation
                split, that is used instead, unless this is 0.
            seed: of the split.
            known: the run's stored spec, whose statistics are then not computed again; or None.

        Raises:
            DataError: x and y differ in length, or labels lie outside the classes.
        """
        if isinstance(x, Arrays):
            arrays, spec = x, spec or y
            if not validation_split:
                arrays = dataclasses.replace(arrays, x_validation=None, y_validation=None)
        else:
            x, y = read_batches(x) if y is None and hasattr(x, "as_numpy_iterator") else (x, y)
            x_validation, y_validation = validation_data or (None, None)
            arrays = Arrays(x, y, x_validation=x_validation, y_validation=y_validation)
        if spec is None:
            return cls(*own_splits(arrays, validation_split, seed))
        x, y = np.asarray(arrays.x), np.asarray(arrays.y)
        if len(x) != len(y):
            raise DataError(
                f"x and y must have one row per example. Received: {len(x)} and {len(y)} rows. Give both the same rows."
            )
        if not len(x):
            raise DataError("x must have at least one example. Received: none. Give more rows.")
        if x.shape[1:] != tuple(spec.input_shape):
            raise DataError(
                f"Each example must have the shape {tuple(spec.input_shape)}. Received: {x.shape[1:]}. Reshape x."
            )
        x, y = as_inputs(x, spec.columns), as_targets(y, spec)
        kept, held_out = np.arange(len(x)), np.array([], int)
        if validation_split and arrays.x_validation is None:
            kept, held_out = split_indices(y, spec, count_validation(len(x), validation_split), seed)
        # Only the size decides, so that the same recipe is always fed the same way.
        learned = adopt(spec, known) if known else learn_vocabularies(spec, x, kept)
        codes = code_tables(spec, learned)
        is_streamed = x.nbytes > stream_above()
        pick = (lambda rows: Rows(x, rows, codes)) if is_streamed else (lambda rows: recode(x[rows], codes))
        train = Split(pick(kept), y[kept])
        validation = Split(pick(held_out), y[held_out]) if len(held_out) else None
        if arrays.x_validation is not None:
            validation = own_split(arrays.x_validation, arrays.y_validation, spec)
        test = own_split(arrays.x_test, arrays.y_test, spec) if arrays.x_test is not None else None
        return cls(learned if known else measure_inputs(learned, train), train, validation, test)

    @classmethod
    def of(cls, data) -> Dataset:
        """Returns a data set of a pair (x, y), or of anything else that `from_arrays` reads.

        Raises:
            DataError: the data is of another kind.
        """
        if isinstance(data, cls):
            return data
        if isinstance(data, Arrays) or hasattr(data, "as_numpy_iterator"):
            return cls.from_arrays(data)
        if isinstance(data, tuple | list) and len(data) == 2:
            return cls.from_arrays(*data)
        raise DataError(
            "dataset must be a Dataset, a pair (x, y) or a tf.data.Dataset of batches (x, y). Received: "
            f"{type(data).__name__}. Use Dataset.from_arrays(x, y)."
        )

    def steps_per_epoch(self, batch_size: int) -> int:
        """Returns the number of optimizer steps in one pass; the last batch may be smaller."""
        return -(-len(self.train) // batch_size)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Returns the order of one epoch: a permutation, int32 (n,), that depends only on (seed, epoch)."""
        return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(len(self.train)).astype(np.int32)

    def batches(self, batch_size: int, seed: int, step: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the batches of training after `step` updates, endlessly.

        Yields:
            x (batch, *input_shape) and y (batch, …), as in `Split`.
        """
        per_epoch = self.steps_per_epoch(batch_size)
        while True:
            epoch, position = divmod(step, per_epoch)
            order = self.order(seed, epoch + 1)
            for first in range(position * batch_size, len(order), batch_size):
                chosen = order[first : first + batch_size]
                yield take(self.train.x, chosen), take(self.train.y, chosen)
                step += 1


def take(whole, rows: np.ndarray | slice):
    """Returns some rows of an array, or of each array of a dictionary or tuple."""
    return map_parts(lambda part: part[rows], whole)
