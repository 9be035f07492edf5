"""Metrics: each entry returns a Keras metric that takes (y, prediction) as the model and data give them.

A metric is named like its entry, and its variables exist as soon as it is made, so that it can be
updated inside `tf.function`.

Traits of an entry:
    accepts: why it does not fit a data set, or None.
    is_default: whether it is measured where the configuration names no metrics.
    keras_name: the Keras metric that gives the same number, to compile a downloaded model with; absent
        where Keras has none of that name.
"""

from __future__ import annotations

import numpy as np

from trainer.dataset import DataSpec
from trainer.losses import needs, needs_classes, needs_numbers, needs_numbers_or_inputs
from trainer.registry import METRICS

needs_labels = needs("multilabel", what="it asks whether all labels of an example are right")
needs_classes_or_labels = needs("classification", "multilabel", what="it compares classes")


@METRICS.register(
    label="Accuracy",
    help="The part of examples classified right; with several labels, the part of labels.",
    accepts=needs_classes_or_labels,
    is_default=True,
    keras_name="accuracy",
    order=1,
)
def accuracy(data: DataSpec, head):
    """Returns the part in [0, 1] of examples whose most probable class is the true one, or of right labels."""
    import keras

    if head.activation == "sigmoid":
        return keras.metrics.BinaryAccuracy(name="accuracy")
    return keras.metrics.SparseCategoricalAccuracy(name="accuracy")


def needs_four_classes(spec: DataSpec) -> str | None:
    """Returns why the best three of the classes say nothing, or None."""
    if spec.task == "classification" and spec.num_classes < 4:
        return f"it needs at least 4 classes, and this data set has {spec.num_classes}"
    return needs_classes(spec)


@METRICS.register(
    label="Top-3 accuracy",
    help="The part of examples whose true class is among the model's three best guesses.",
    accepts=needs_four_classes,
    order=2,
)
def top_3_accuracy(data: DataSpec, head):
    """Returns the part in [0, 1] of examples whose true class is among the three most probable."""
    import keras

    return keras.metrics.SparseTopKCategoricalAccuracy(k=3, name="top_3_accuracy")


@METRICS.register(
    label="Mean absolute error",
    help="How far predictions are off on average, in the target's own units; for pixels, from 0 to 1.",
    accepts=needs_numbers_or_inputs,
    is_default=True,
    keras_name="mean_absolute_error",
    order=3,
)
def mae(data: DataSpec, head):
    """Returns the mean of |y - prediction|, in the target's units, or in those of the scaled inputs."""
    import keras

    return keras.metrics.MeanAbsoluteError(name="mae")


@METRICS.register(
    label="R²",
    help="The part of the target's variation that is explained: 1 is perfect, 0 no better than the mean.",
    accepts=needs_numbers,
    is_default=True,
    keras_name="r2_score",
    order=4,
)
def r2(data: DataSpec, head):
    """Returns 1 - (sum of squared misses) / (sum of squared deviations from the mean), at most 1.

    It is always a finite number. Where all targets seen are equal, as in a batch of one example, the
    ratio is undefined: like scikit-learn it is then 1 for a perfect prediction and 0 for any other.
    Keras's `R2Score` gives NaN there and makes its variables only at the first update.
    """
    import keras

    class R2(keras.metrics.Metric):
        """R² from four running sums, taken in standard deviations around the target's mean."""

        def __init__(self, name="r2", dtype=None):
            super().__init__(name=name, dtype=dtype)
            self.count = self.add_weight(initializer="zeros", name="count")
            self.total = self.add_weight(initializer="zeros", name="total")
            self.squares = self.add_weight(initializer="zeros", name="squares")
            self.misses = self.add_weight(initializer="zeros", name="misses")

        def update_state(self, y_true, y_pred, sample_weight=None):
            y = keras.ops.reshape(keras.ops.cast(y_true, self.dtype), (-1,))
            prediction = keras.ops.reshape(keras.ops.cast(y_pred, self.dtype), (-1,))
            # Centred, because float32 loses the difference of two large sums of squares.
            z = (y - data.target_mean) / data.target_std
            miss = (y - prediction) / data.target_std
            self.count.assign(self.count + keras.ops.cast(keras.ops.size(z), self.dtype))
            self.total.assign(self.total + keras.ops.sum(z))
            self.squares.assign(self.squares + keras.ops.sum(z * z))
            self.misses.assign(self.misses + keras.ops.sum(miss * miss))

        def result(self):
            count = keras.ops.maximum(self.count, 1.0)
            variation = self.squares - self.total * self.total / count
            # What is left of equal targets after rounding is not variation.
            is_defined = variation > 1e-6 * self.squares
            ratio = self.misses / keras.ops.where(is_defined, variation, 1.0)
            undefined = keras.ops.cast(self.misses <= 0.0, self.dtype)
            return keras.ops.where(is_defined, 1.0 - ratio, undefined)

    return R2()


@METRICS.register(
    label="Root mean squared error",
    help="Like the mean absolute error, but large misses count more; in the target's own units.",
    accepts=needs_numbers,
    keras_name="root_mean_squared_error",
    order=5,
)
def rmse(data: DataSpec, head):
    """Returns the square root of the mean of (y - prediction)², in the target's units."""
    import keras

    return keras.metrics.RootMeanSquaredError(name="rmse")


@METRICS.register(
    label="Exact match",
    help="The part of examples with every single label right.",
    accepts=needs_labels,
    is_default=True,
    order=6,
)
def exact_match(data: DataSpec, head):
    """Returns the part in [0, 1] of examples all of whose labels are right."""
    import keras

    class ExactMatch(keras.metrics.Mean):
        """The mean of 1 where a whole row is right, else 0."""

        def __init__(self, name="exact_match", dtype=None):
            super().__init__(name=name, dtype=dtype)

        def update_state(self, y_true, y_pred, sample_weight=None):
            right = keras.ops.equal(keras.ops.cast(y_true, self.dtype) > 0.5, keras.ops.cast(y_pred, self.dtype) > 0.5)
            super().update_state(keras.ops.cast(keras.ops.all(right, axis=-1), self.dtype))

    return ExactMatch()


@METRICS.register(
    label="Precision",
    help="Of what it takes for a class, the part that is right; the mean over the classes, at the end each alone.",
    accepts=needs_classes_or_labels,
    order=7,
)
def precision(data: DataSpec, head):
    """Returns the mean over the classes seen of (true positives) / (predicted), in [0, 1]."""
    return mean_over_classes("precision", data, head, lambda hits, guessed, actual: (hits, guessed))


@METRICS.register(
    label="Recall",
    help="Of what belongs to a class, the part that the model finds; the mean over the classes, at the end each alone.",
    accepts=needs_classes_or_labels,
    order=8,
)
def recall(data: DataSpec, head):
    """Returns the mean over the classes seen of (true positives) / (actual), in [0, 1]."""
    return mean_over_classes("recall", data, head, lambda hits, guessed, actual: (hits, actual))


@METRICS.register(
    label="F1",
    help="Precision and recall in one; the mean over the classes, fair where some are rare, at the end each alone.",
    accepts=needs_classes_or_labels,
    order=9,
)
def f1_macro(data: DataSpec, head):
    """Returns the mean over the classes seen of 2·(true positives) / (predicted + actual), in [0, 1]."""
    return mean_over_classes("f1_macro", data, head, lambda hits, guessed, actual: (2 * hits, guessed + actual))


def class_labels(data: DataSpec) -> tuple[str, ...]:
    """Returns the names of classes or labels; their numbers where they have none."""
    return data.class_names or tuple(map(str, range(data.num_classes or 0)))


def mean_over_classes(name: str, data: DataSpec, head, ratio):
    """Returns a metric that is a ratio of counts for each class, averaged over the classes ("macro").

    A class that is neither there nor guessed does not count, and a ratio to nothing is 0, as in
    scikit-learn. Keras's metrics of these names count all classes in one, or make their variables late.

    Args:
        name: of the metric.
        data: gives the number of classes, or labels.
        head: says how predictions are read.
        ratio: function (hits, guessed, actual), each float32 (classes,) → numerator and denominator.
    """
    import keras

    classes = data.num_classes

    class MeanOverClasses(keras.metrics.Metric):
        """Running counts for each class."""

        def __init__(self, name=name, dtype=None):
            super().__init__(name=name, dtype=dtype)
            self.hits, self.guessed, self.actual = (
                self.add_weight(shape=(classes,), initializer="zeros", name=name)
                for name in ("hits", "guessed", "actual")
            )

        def update_state(self, y_true, y_pred, sample_weight=None):
            if data.task == "multilabel":
                actual = keras.ops.cast(y_true, self.dtype)
                guessed = keras.ops.cast(keras.ops.cast(y_pred, self.dtype) > 0.5, self.dtype)
            else:
                guess = keras.ops.argmax(y_pred, axis=-1) if head.units > 1 else y_pred[:, 0] > 0.5
                actual = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), classes, dtype=self.dtype)
                guessed = keras.ops.one_hot(keras.ops.cast(guess, "int32"), classes, dtype=self.dtype)
            self.hits.assign(self.hits + keras.ops.sum(actual * guessed, axis=0))
            self.guessed.assign(self.guessed + keras.ops.sum(guessed, axis=0))
            self.actual.assign(self.actual + keras.ops.sum(actual, axis=0))

        def result(self):
            ratios, seen = self.ratios()
            return keras.ops.sum(ratios * seen) / keras.ops.maximum(keras.ops.sum(seen), 1.0)

        def ratios(self):
            """Returns the ratio of each class, and 1 where it was there or guessed, else 0; float32 (classes,)."""
            top, bottom = ratio(self.hits + 0.0, self.guessed + 0.0, self.actual + 0.0)
            seen = keras.ops.cast(self.guessed + self.actual > 0, self.dtype)
            return top / keras.ops.maximum(bottom, 1.0), seen

        def per_class(self) -> dict[str, float]:
            """Returns the ratio of each class that was there or guessed, by its name."""
            values = (np.array(part) for part in self.ratios())
            return {label: float(r) for label, r, seen in zip(class_labels(data), *values, strict=True) if seen}

    return MeanOverClasses()


@METRICS.register(
    label="AUC",
    help="How well right answers are ranked before wrong ones: 1 is perfect, 0.5 is guessing.",
    accepts=needs_classes_or_labels,
    order=10,
)
def auc(data: DataSpec, head):
    """Returns the area under the ROC curve in [0, 1], from 200 thresholds.

    Of two classes, that of the second; of more, and of several labels, over all pairs of example and
    class in one ("micro"), which is defined for every batch.
    """
    import keras

    class AUC(keras.metrics.AUC):
        """Keras's AUC over pairs of example and class."""

        def __init__(self, name="auc", dtype=None):
            super().__init__(name=name, dtype=dtype)

        def update_state(self, y_true, y_pred, sample_weight=None):
            if data.task != "multilabel":
                y_true = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), data.num_classes, dtype=self.dtype)
                if data.num_classes == 2:
                    y_true, y_pred = y_true[:, 1:], y_pred[:, -1:]
            super().update_state(keras.ops.reshape(y_true, (-1,)), keras.ops.reshape(y_pred, (-1,)))

        def get_config(self):
            return {"name": self.name}

    return AUC()
