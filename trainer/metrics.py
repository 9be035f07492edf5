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

from trainer.dataset import DataSpec
from trainer.losses import needs_classes, needs_numbers
from trainer.registry import METRICS


@METRICS.register(
    label="Accuracy",
    help="The part of examples classified right.",
    accepts=needs_classes,
    is_default=True,
    keras_name="accuracy",
    order=1,
)
def accuracy(data: DataSpec, head):
    """Returns the part in [0, 1] of examples whose most probable class is the true one."""
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
    help="How far predictions are off on average, in the target's own units.",
    accepts=needs_numbers,
    is_default=True,
    keras_name="mean_absolute_error",
    order=3,
)
def mae(data: DataSpec, head):
    """Returns the mean of |y - prediction|, in the target's units."""
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
