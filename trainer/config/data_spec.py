"""What is known of a data set before it is loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

#: What is to be learned, as a clause.
GOALS = {
    "classification": "the targets are classes",
    "regression": "the target is a number",
    "multilabel": "each example may have several labels",
    "reconstruction": "the model gives back what came in",
    "generation": "the model makes new examples",
}


#: A model tells at most this many values of a category apart, the most frequent ones of the training split.
MOST_VALUES = 64


@dataclass(frozen=True)
class Column:
    """One column of a table, as the model takes it; a table's examples are float32 (columns,).

    Attributes:
        name: as in the file.
        kind: "number" (the raw value, NaN where it is missing) or "category" (a code: 0 for a value that is not
            in the vocabulary, else its place there, counted from 1).
        vocabulary: a category's values, most frequent first; "" stands for a missing one.
        fill: what replaces a missing value: a number, or a category's code. Known once the data is loaded.
        fill_with: how the fill follows from the training split. A number's: "median" or "mean"; a category's:
            "missing" (a value of its own) or "most_frequent".
        missing: how many examples lack the value.
        number_format: how the file writes a number, a key of `trainer.data.uploads.tables.numbers.formats.FORMATS`.
        is_raw: whether `vocabulary` lists every value in the file, and the one to train with is still to be learned.
    """

    name: str
    kind: Literal["number", "category"]
    vocabulary: tuple[str, ...] = ()
    fill: float = 0.0
    fill_with: Literal["median", "mean", "missing", "most_frequent"] = "median"
    missing: int = 0
    number_format: str = "1234.5"
    is_raw: bool = False

    @property
    def features(self) -> int:
        """How many numbers the model makes of it: one, or one for each value of the vocabulary (at most, if raw)."""
        if self.kind == "number":
            return 1
        return min(len(self.vocabulary), MOST_VALUES) if self.is_raw else len(self.vocabulary)


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
        standardize_target: whether a regression's target is scaled although the inputs are not standardized.
        target_std, target_mean: of a regression's target in the training split, in its own units; the model
            predicts in these units and the loss is measured in standard deviations. (1, 0): as it is.
        source, licence, url: where it comes from.
        columns: of a table with raw columns, numbers first, which the model encodes itself; else empty.
        sha256: of the file that the data was read from, or "".
        baselines: what always guessing the most frequent class, or the mean, scores: name as in the run's metrics →
            value; known once a run has begun.
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
    standardize_target: bool = False
    baselines: dict[str, float] = field(default_factory=dict, hash=False)

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
