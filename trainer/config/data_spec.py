"""DataSpec: what is known about a data set before it is loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

#: What is learned, as a clause.
GOALS = {
    "classification": "the targets are classes",
    "regression": "the target is a number",
    "multilabel": "each example may have several labels",
    "reconstruction": "the model reproduces its input",
    "generation": "the model generates new examples",
}


#: Most values of a category that a model distinguishes: the most frequent ones in the training split.
MOST_VALUES = 64


@dataclass(frozen=True)
class Column:
    """One column of a table, as the model receives it; a table's examples are float32 (columns,).

    Attributes:
        name: as in the file.
        kind: "number" (the raw value, NaN if missing) or "category" (a code: 0 for a value outside the
            vocabulary, else its position there, counted from 1).
        vocabulary: a category's values, most frequent first; "" stands for a missing one.
        fill: replaces a missing value: a number, or the code of a category. Known once the data is loaded.
        fill_with: how the fill is computed from the training split. Numbers: "median" or "mean"; categories:
            "missing" (a value of its own) or "most_frequent".
        missing: the number of examples without the value.
        number_format: how the file writes a number, a key of `trainer.data.uploads.tables.numbers.formats.FORMATS`.
        is_raw: whether `vocabulary` lists every value in the file; the one to train with is learned later.
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
        """How many numbers the model receives: 1, or one per value of the vocabulary (at most, if raw)."""
        if self.kind == "number":
            return 1
        return min(len(self.vocabulary), MOST_VALUES) if self.is_raw else len(self.vocabulary)


@dataclass(frozen=True)
class DataSpec:
    """What is known about a data set before it is loaded; enough to check a configuration.

    Attributes:
        task: "classification" (integer labels), "regression" (one number), "multilabel" (any number of
            labels at once), "reconstruction" (reproduce the input) or "generation" (generate similar examples).
            The last two are a model's, not a data set's: such models ignore the targets.
        input_shape: of one example, without the batch: (8, 8, 1) for an image, (4,) for a row.
        examples: number of examples for training and validation together.
        validation_examples: size of the data set's own validation split; `examples` are then all for training.
            0: it has none.
        test_examples: size of the data set's own test split; 0: it has none.
        num_classes: classes of a classification, labels of a multilabel task, else None.
        class_names, feature_names: for people; empty where there are none.
        rescale: raw inputs are multiplied by this inside the model (1/255 for photos), or None.
        standardize: whether the model standardizes its inputs with the training split's statistics.
        mean, variance: those statistics, float32 (input_shape[-1],), known once the data is loaded: per feature
            or channel, over all steps or pixels. 0 and 1 for codes of categories, which are not standardized.
        standardize_target: whether a regression's target is scaled although the inputs are not standardized.
        target_std, target_mean: of a regression's target in the training split, in its own units. The model
            predicts in these units; the loss is measured in standard deviations. (1, 0): not scaled.
        source, licence, url: where it comes from.
        columns: of a table, numbers first, which the model encodes itself; else empty.
        sha256: of the file that the data was read from, or "".
        baselines: scores of always predicting the most frequent class, or the mean: metric → value. Known once a
            run has started.
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
        """Returns the spec that `dataclasses.asdict` and JSON turned into these fields."""

        def thaw(fields: dict) -> dict:
            return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}

        columns = tuple(Column(**thaw(column)) for column in fields.get("columns", ()))
        return cls(**{**thaw(fields), "columns": columns})

    @property
    def features(self) -> int:
        """How many numbers a model receives per example, with encoded columns."""
        return sum(column.features for column in self.columns) if self.columns else math.prod(self.input_shape)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the numbers of an example are called: a table's columns or features; numbered where they have no names.

        Those of a sequence or an image are the values of one step or pixel.
        """
        names = tuple(column.name for column in self.columns) or self.feature_names
        return names or tuple(f"x{number}" for number in range(1, self.input_shape[-1] + 1))

    @property
    def class_labels(self) -> tuple[str, ...]:
        """The names of the classes or labels; their numbers where they have no names."""
        return self.class_names or tuple(map(str, range(self.num_classes or 0)))

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
