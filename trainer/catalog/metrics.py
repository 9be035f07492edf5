"""Metrics: each entry returns a Keras metric that takes (y, prediction) as the model and data give them.

A metric is named like its entry, and its variables exist as soon as it is made, so that it can be
updated inside `tf.function`. One that has a method `of_batch(y, prediction)` says by itself what it is
of one batch. NaN: undefined, which is shown as nothing.

Traits of an entry:
    accepts: why it does not fit a data set, or None.
    is_default: whether it is measured where the configuration names no metrics.
    keras_name: the Keras metric that gives the same number, to compile a downloaded model with; absent
        where Keras has none of that name.
"""

from __future__ import annotations

from trainer.catalog.class_ratios import mean_over_classes
from trainer.catalog.losses import needs, needs_classes, needs_numbers, needs_numbers_or_inputs
from trainer.config.data_spec import DataSpec
from trainer.config.registry import METRICS

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
    help="Of the examples predicted as a class, the share that is right. The mean over the classes; the end of a run "
    "shows each class.",
    accepts=needs_classes_or_labels,
    order=7,
)
def precision(data: DataSpec, head):
    """Returns the mean over the classes of (true positives) / (predicted), in [0, 1]."""
    return mean_over_classes("precision", data, head, lambda hits, guessed, actual: (hits, guessed))


@METRICS.register(
    label="Recall",
    help="Of the examples of a class, the share that the model finds. The mean over the classes; the end of a run "
    "shows each class.",
    accepts=needs_classes_or_labels,
    order=8,
)
def recall(data: DataSpec, head):
    """Returns the mean over the classes of (true positives) / (actual), in [0, 1]."""
    return mean_over_classes("recall", data, head, lambda hits, guessed, actual: (hits, actual))


@METRICS.register(
    label="F1",
    help="Precision and recall in one number, fair to rare classes. The mean over the classes; the end of a run shows "
    "each class.",
    accepts=needs_classes_or_labels,
    order=9,
)
def f1_macro(data: DataSpec, head):
    """Returns the mean over the classes of 2·(true positives) / (predicted + actual), in [0, 1]."""
    return mean_over_classes("f1_macro", data, head, lambda hits, guessed, actual: (2 * hits, guessed + actual))


#: The most scores that AUC keeps of a split: 128 MiB.
MOST_SCORES = 2**25


def needs_ranking(spec: DataSpec) -> str | None:
    """Returns why the examples cannot be ranked, or None."""
    if spec.task in ("classification", "multilabel"):
        scores = most_measured(spec) * spec.num_classes
        if scores > MOST_SCORES:
            return f"it keeps a score per example and class, at most {MOST_SCORES:,}, and this data set has {scores:,}"
    return needs_classes_or_labels(spec)


def most_measured(spec: DataSpec) -> int:
    """Returns how many examples the largest split may have."""
    return max(spec.examples, spec.validation_examples, spec.test_examples)


@METRICS.register(
    label="AUC",
    help="How well right answers are ranked before wrong ones: 1 is perfect, 0.5 is guessing. With more than two "
    "classes, the mean over the classes.",
    accepts=needs_ranking,
    order=10,
)
def auc(data: DataSpec, head):
    """Returns the exact area under the ROC curve, in [0, 1]; NaN where no class has examples of both kinds.

    Of two classes, that of the second. Of more, and of several labels, the mean over the classes, each against the
    rest, as scikit-learn's `roc_auc_score(average="macro", multi_class="ovr")`; classes that a split lacks, which
    scikit-learn refuses, are left out.
    """
    from trainer.catalog.auc import AUC

    return AUC(data.task, data.num_classes, most_measured(data))
