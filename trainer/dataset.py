"""Data sets: what they are, how they are split, and in which order training sees them."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainer.errors import ConfigError, DataError

#: What is to be learned, as a clause.
GOALS = {
    "classification": "the targets are classes",
    "regression": "the target is a number",
    "multilabel": "each example may have several labels",
    "reconstruction": "the model gives back what came in",
    "generation": "the model makes new examples",
}


@dataclass(frozen=True)
class Column:
    """One column of a table, as the model takes it; a table's examples are float32 (columns,).

    Attributes:
        name: as in the file.
        kind: "number" (the raw value, NaN where it is missing) or "category" (a code: 0 for a value that is not
            in the vocabulary, else its place there, counted from 1).
        vocabulary: a category's values, most frequent first; "" stands for a missing one.
        fill: what the value is taken for where it is missing: a number, or a category's code. A number's is known
            once the data is loaded.
        fill_with: what a number's fill is, of the training split.
        missing: how many examples lack the value.
    """

    name: str
    kind: Literal["number", "category"]
    vocabulary: tuple[str, ...] = ()
    fill: float = 0.0
    fill_with: Literal["median", "mean"] = "median"
    missing: int = 0

    @property
    def features(self) -> int:
        """How many numbers the model makes of it: one, or one for each value of the vocabulary."""
        return len(self.vocabulary) if self.kind == "category" else 1


@dataclass(frozen=True)
class DataSpec:
    """What is known of a data set before it is loaded; enough to check a configuration.

    Attributes:
        task: "classification" (integer labels), "regression" (one number), "multilabel" (any number of
            labels at once), "reconstruction" (give back what came in) or "generation" (make more of the kind).
            The last two are a model's, not a data set's: such models take no notice of the targets.
        input_shape: of one example, without the batch: (8, 8, 1) for an image, (4,) for a row.
        examples: how many there are for training and validation together.
        validation_examples: how many the data set keeps apart as its own validation split, beside `examples`,
            all of which are then for training; 0: none.
        test_examples: how many the data set keeps apart as its own test split; 0: none.
        num_classes: classes of a classification, labels of a multilabel task, else None.
        class_names, feature_names: what a person reads; empty where there are none.
        rescale: raw inputs are multiplied by this inside the model (1/255 for photos), or None.
        standardize: whether the model standardizes its inputs with the training split's statistics.
        mean, variance: those statistics, float32 (input_shape[-1],), known once the data is loaded: of each
            feature or channel, over all steps or pixels; of a category's code 0 and 1, since it is not standardized.
        target_std, target_mean: a regression's target in its own units; the model predicts in these
            units and the loss is measured in standard deviations. (1, 0): as it is.
        source, licence, url: where it comes from.
        columns: of a table with raw columns, numbers first, which the model encodes itself; else empty.
        sha256: of the file that the data was read from, or "".
    """

    task: Literal["classification", "regression", "multilabel", "reconstruction", "generation"]
    input_shape: tuple[int, ...]
    examples: int
    test_examples: int = 0
    num_classes: int | None = None
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    rescale: float | None = None
    standardize: bool = False
    mean: tuple[float, ...] = ()
    variance: tuple[float, ...] = ()
    target_std: float = 1.0
    target_mean: float = 0.0
    source: str = ""
    licence: str = ""
    url: str = ""
    columns: tuple[Column, ...] = ()
    sha256: str = ""
    validation_examples: int = 0

    @classmethod
    def from_json(cls, fields: dict) -> DataSpec:
        """Returns a spec from what `dataclasses.asdict` made of it, gone through JSON: lists are tuples again."""

        def thaw(fields: dict) -> dict:
            return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}

        columns = tuple(Column(**thaw(column)) for column in fields.get("columns", ()))
        return cls(**{**thaw(fields), "columns": columns})

    @property
    def features(self) -> int:
        """How many numbers a model sees of one example, a table's columns encoded."""
        return sum(column.features for column in self.columns) if self.columns else math.prod(self.input_shape)

    @property
    def is_image(self) -> bool:
        """Whether one example is an image: (height, width, channels)."""
        return len(self.input_shape) == 3

    @property
    def summary(self) -> str:
        """One line for the form: "1,797 images · 8×8 · 10 classes"."""
        shape = "×".join(map(str, self.input_shape[:2] if self.is_image else self.input_shape))
        noun = "images" if self.is_image else "examples"
        size = shape if self.is_image else f"{shape} feature" + ("s" if self.input_shape != (1,) else "")
        if len(self.input_shape) == 2:
            noun, size = (
                "sequences",
                f"{self.input_shape[0]} steps" + f" of {self.input_shape[1]}" * (self.input_shape[1] > 1),
            )
        kind = "labels" if self.task == "multilabel" else "classes"
        goal = f"{self.num_classes} {kind}" if self.num_classes else "one number to predict"
        return f"{self.examples + self.validation_examples + self.test_examples:,} {noun} · {size} · {goal}"


@dataclass(frozen=True)
class Arrays:
    """What a data set's function returns: raw examples and targets.

    Attributes:
        x: (examples, *input_shape), uint8 or float32, raw: scaling is part of the model.
        y: (examples,) integer labels, (examples,) float targets, or (examples, labels) of 0 and 1.
        x_test, y_test: the data set's own test split, if it has one.
        x_validation, y_validation: its own validation split, if it has one.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None


class Rows:
    """Some rows of an array that may lie on disk: they are read when they are asked for.

    Args:
        whole: (examples, …), such as a numpy.memmap.
        chosen: which of its rows, int (n,).
    """

    def __init__(self, whole: np.ndarray, chosen: np.ndarray):
        self._whole, self._chosen = whole, chosen
        self.shape, self.dtype = (len(chosen), *whole.shape[1:]), whole.dtype

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, key) -> np.ndarray:
        """Reads the rows of a slice or of an array of places."""
        # take() lets other threads run while it waits for the disk.
        return np.take(self._whole, self._chosen[key], axis=0)


@dataclass(frozen=True)
class Split:
    """One part of a data set, in memory or, where that is a `Rows`, read as it is needed.

    Attributes:
        x: (n, *input_shape), uint8 or float32, numpy.ndarray or `Rows`.
        y: int32 (n,) for a classification, float32 (n, 1) for a regression, float32 (n, labels) of 0
            and 1 for a multilabel task.
    """

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    @property
    def is_streamed(self) -> bool:
        """Whether the inputs are read as they are needed."""
        return isinstance(self.x, Rows)


def count_validation(examples: int, validation_split: float) -> int:
    """Returns how many of `examples` are kept for validation; at least one if any are asked for."""
    return max(1, round(examples * validation_split)) if validation_split else 0


def count_training(spec: DataSpec, validation_split: float) -> int:
    """Returns how many examples are trained on: all where the data set has a validation split of its own."""
    return spec.examples - (0 if spec.validation_examples else count_validation(spec.examples, validation_split))


class Dataset:
    """A data set, split and ready to be trained on.

    The order of training is a function of (seed, epoch), and the position in it is the step
    number, so that nothing has to be remembered to go on exactly.

    Args:
        spec: what it is.
        train, validation, test: its parts; the last two may be None.
    """

    def __init__(self, spec: DataSpec, train: Split, validation: Split | None = None, test: Split | None = None):
        self.spec, self.train, self.validation, self.test = spec, train, validation, test

    @classmethod
    def from_arrays(
        cls, arrays: Arrays, spec: DataSpec | None = None, *, validation_split: float = 0.0, seed: int = 0
    ) -> Dataset:
        """Splits arrays by `seed`, with every class in both parts where that is possible.

        Args:
            arrays: raw examples and targets.
            spec: what they are; guessed from the arrays if None (integer targets: classes).
            validation_split: the part kept for validation, in [0, 1); where the arrays have a validation split of
                their own, that is used instead, unless this is 0.
            seed: which examples those are.

        Raises:
            DataError: x and y differ in length, or labels lie outside the classes.
        """
        x, y = np.asarray(arrays.x), np.asarray(arrays.y)
        if len(x) != len(y):
            raise DataError(
                f"x and y must have one row per example. Received: {len(x)} and {len(y)} rows. Give both the same rows."
            )
        if not len(x):
            raise DataError("x must have at least one example. Received: none. Give more rows.")
        spec = spec or guess_spec(x, y)
        if x.shape[1:] != tuple(spec.input_shape):
            raise DataError(
                f"Each example must have the shape {tuple(spec.input_shape)}. Received: {x.shape[1:]}. Reshape x."
            )
        x, y = as_inputs(x, spec.columns), as_targets(y, spec)
        kept, held_out = np.arange(len(x)), np.array([], int)
        if validation_split and arrays.x_validation is None:
            kept, held_out = split_indices(y, spec, count_validation(len(x), validation_split), seed)
        # Which of the two it is follows from the size alone, so that the same recipe is always fed the same way.
        pick = (lambda rows: Rows(x, rows)) if x.nbytes > stream_above() else (lambda rows: x[rows])
        train = Split(pick(kept), y[kept])
        validation = Split(pick(held_out), y[held_out]) if len(held_out) else None
        if validation_split and arrays.x_validation is not None:
            validation = own_split(arrays.x_validation, arrays.y_validation, spec)
        test = own_split(arrays.x_test, arrays.y_test, spec) if arrays.x_test is not None else None
        return cls(measure_inputs(spec, train), train, validation, test)

    def steps_per_epoch(self, batch_size: int) -> int:
        """Returns the number of optimizer steps in one pass; the last batch may be smaller."""
        return -(-len(self.train) // batch_size)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Returns the order of one epoch: a permutation, int32 (n,), of (seed, epoch) alone."""
        return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(len(self.train)).astype(np.int32)

    def batches(self, batch_size: int, seed: int, step: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the batches that training sees after `step` updates, without end.

        Yields:
            x (batch, *input_shape) and y (batch, …), as in `Split`.
        """
        per_epoch = self.steps_per_epoch(batch_size)
        while True:
            epoch, position = divmod(step, per_epoch)
            order = self.order(seed, epoch + 1)
            for first in range(position * batch_size, len(order), batch_size):
                chosen = order[first : first + batch_size]
                yield self.train.x[chosen], self.train.y[chosen]
                step += 1


def own_split(x: np.ndarray, y: np.ndarray, spec: DataSpec) -> Split:
    """Returns a part that the data set keeps apart itself, streamed where it is large."""
    x = as_inputs(x, spec.columns)
    return Split(Rows(x, np.arange(len(x))) if x.nbytes > stream_above() else x, as_targets(y, spec))


def stream_above() -> int:
    """Returns how many bytes of inputs stay in memory; more are streamed. TRAINDECK_STREAM_ABOVE sets it."""
    return int(os.environ.get("TRAINDECK_STREAM_ABOVE") or 2**30)


def as_inputs(x: np.ndarray, columns: tuple[Column, ...] = ()) -> np.ndarray:
    """Returns inputs as uint8 (kept, four times smaller) or float32; a table's numbers may be missing.

    Raises:
        DataError: a value that is not finite as float32, with its row.
    """
    x = np.asarray(x)
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    may_miss = np.array([column.kind == "number" for column in columns]) if columns else False
    return np.ascontiguousarray(as_finite(x, "Inputs", may_miss))


def as_finite(values: np.ndarray, what: str, may_miss: np.ndarray | bool = False) -> np.ndarray:
    """Returns values as float32, or raises DataError with the first that float32 cannot hold, and its row.

    Args:
        values: (n, …).
        what: the subject of the sentence.
        may_miss: where NaN is allowed, as a value is missing: bool of the shape of an example.
    """
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32, copy=False)
    for first, block in blocks(numbers):
        wrong = np.argwhere(~np.isfinite(block) & ~(may_miss & np.isnan(block)))
        if len(wrong):
            place = (first + wrong[0][0], *wrong[0][1:])
            raise DataError(
                f"{what} must be finite numbers that float32 can hold. Received: {values[tuple(place)]} in row "
                f"{place[0]}. Correct or remove the row."
            )
    return numbers


def blocks(x: np.ndarray | Rows, size: int = 1 << 24) -> Iterator[tuple[int, np.ndarray]]:
    """Yields an array's first row and rows, block by block: what lies on disk is never in memory as a whole.

    Args:
        x: (n, …).
        size: of a block in bytes; rows of images are large.
    """
    rows = max(1, size // max(1, x.dtype.itemsize * math.prod(x.shape[1:])))
    for first in range(0, len(x), rows):
        yield first, x[first : first + rows]


def as_targets(y: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns labels as int32 (n,), regression targets as float32 (n, 1), several labels as float32 (n, labels).

    Raises:
        DataError: a label that is no whole number in [0, num_classes), with its value and row; a target
            that is not finite; more than one target per example.
    """
    y = np.asarray(y)
    if spec.task == "multilabel":
        return as_labels(y, spec)
    if y.size != len(y):
        raise DataError(f"y must hold one target per example. Received: shape {y.shape}. Choose one column.")
    if spec.task == "regression":
        return as_finite(y.reshape(-1, 1), "Targets")
    y = y.reshape(-1)
    # Written so that NaN, which compares as false, counts as wrong.
    wrong = np.flatnonzero(~((y >= 0) & (y < spec.num_classes) & (y == np.floor(y))))
    if len(wrong):
        raise DataError(
            f"Labels must be whole numbers from 0 to {spec.num_classes - 1}. Received: {y[wrong[0]]} "
            f"in row {wrong[0]}. Correct the label, or number the classes from 0."
        )
    return y.astype(np.int32)


def as_labels(y: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns 0 or 1 for every label as float32 (n, labels); raises DataError for anything else."""
    if y.ndim != 2 or y.shape[1] != spec.num_classes:
        raise DataError(f"y must have {spec.num_classes} columns, one a label. Received: shape {y.shape}.")
    wrong = np.argwhere(~((y == 0) | (y == 1)))
    if len(wrong):
        raise DataError(
            f"Each label must be 0 or 1. Received: {y[tuple(wrong[0])]} in row {wrong[0][0]}, column {wrong[0][1]}. "
            "Correct it there."
        )
    return y.astype(np.float32)


def guess_spec(x: np.ndarray, y: np.ndarray) -> DataSpec:
    """Returns what the arrays look like: integer targets are classes, others a regression."""
    if np.issubdtype(y.dtype, np.integer):
        return DataSpec("classification", x.shape[1:], len(x), num_classes=int(y.max()) + 1)
    return DataSpec("regression", x.shape[1:], len(x))


def split_indices(y: np.ndarray, spec: DataSpec, held_out: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns indices for training and validation, stratified by class where that is possible."""
    from sklearn.model_selection import train_test_split

    indices, strata = np.arange(len(y)), None
    if spec.task == "classification":
        counts = np.bincount(y, minlength=spec.num_classes)
        if counts[counts > 0].min() >= 2 and min(held_out, len(y) - held_out) >= np.count_nonzero(counts):
            strata = y
    kept, validation = train_test_split(indices, test_size=held_out, random_state=seed % 2**32, stratify=strata)
    return np.sort(kept), np.sort(validation)


def measure_inputs(spec: DataSpec, train: Split) -> DataSpec:
    """Returns the spec with the statistics of the training split where the model needs them."""
    if spec.standardize:
        if spec.columns:
            spec = measure_columns(spec, train)
        else:
            # Steps of a sequence and pixels of an image are standardized alike.
            axes = tuple(range(len(train.x.shape) - 1))
            count = len(train) * math.prod(spec.input_shape[:-1])
            mean = sum(block.sum(axis=axes, dtype=np.float64) for _, block in blocks(train.x)) / count
            squares = sum(((block - mean) ** 2).sum(axis=axes) for _, block in blocks(train.x))
            variance = np.maximum(squares / count, 1e-12)
            spec = dataclasses.replace(spec, mean=tuple(mean.tolist()), variance=tuple(variance.tolist()))
        if spec.task == "regression":
            y = train.y.astype(np.float64)
            spec = dataclasses.replace(spec, target_mean=float(y.mean()), target_std=float(y.std()) or 1.0)
    return spec


def measure_columns(spec: DataSpec, train: Split) -> DataSpec:
    """Returns a table's spec with what the training split says: fills, and statistics of the filled numbers."""
    columns, mean, variance = [], [], []
    for place, column in enumerate(spec.columns):
        middle, spread = 0.0, 1.0
        if column.kind == "number":
            values = np.concatenate([block[:, place] for _, block in blocks(train.x)]).astype(np.float64)
            is_missing = np.isnan(values)
            present = values[~is_missing]
            if len(present):
                fill = np.median(present) if column.fill_with == "median" else present.mean()
                column = dataclasses.replace(column, fill=float(fill))
            values[is_missing] = column.fill
            # A column that is constant here may vary in the rows that are held out.
            middle, spread = float(values.mean()), float(values.var()) or 1.0
        columns.append(column)
        mean.append(middle)
        variance.append(spread)
    return dataclasses.replace(spec, columns=tuple(columns), mean=tuple(mean), variance=tuple(variance))


def load_dataset(name: str, options: dict, *, validation_split: float, seed: int) -> Dataset:
    """Loads a data set of the catalogue and splits it.

    Args:
        name: an entry of `DATASETS`.
        options: its options; defaults are filled in.
        validation_split: the part kept for validation, in [0, 1).
        seed: of the split, and of data that is made.

    Raises:
        ConfigError: unknown name or option.
        DataError: the data cannot be had or read; the sentence says what to do.
    """
    from trainer.registry import DATASETS

    entry = DATASETS[name]
    options = entry.parse(options)
    return Dataset.from_arrays(
        entry.build(seed, **options), dataset_spec(name, options), validation_split=validation_split, seed=seed
    )


def dataset_spec(name: str, options: dict) -> DataSpec:
    """Returns what is known of a catalogue data set without loading it."""
    from trainer.registry import DATASETS

    spec = DATASETS[name].spec
    return spec(**options) if callable(spec) else spec


def check_batch_size(batch_size: int, spec: DataSpec, validation_split: float) -> None:
    """Raises ConfigError where a batch is larger than the training split."""
    training = count_training(spec, validation_split)
    if training < 1:
        raise ConfigError(
            f"validation_split must leave at least one training example. Received: {validation_split} of "
            f"{spec.examples} examples. Choose a smaller validation_split.",
            "validation_split",
        )
    if batch_size > training:
        raise ConfigError(
            f"batch_size must be between 1 and {training} (the number of training examples). "
            f"Received: {batch_size}. Choose a smaller batch.",
            "batch_size",
        )
