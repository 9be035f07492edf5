"""How far predicted numbers are from the target."""

from __future__ import annotations

from trainer.catalog.needs import needs_numbers, needs_numbers_or_inputs
from trainer.config.data_spec import DataSpec
from trainer.config.registry import METRICS


@METRICS.register(
    label="Mean absolute error",
    help="The average size of the error, in the target's own units. For pixels, from 0 to 1.",
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
    help="The fraction of the target's variance that the model explains. 1: perfect, 0: no better than the mean.",
    accepts=needs_numbers,
    is_default=True,
    keras_name="r2_score",
    order=4,
)
def r2(data: DataSpec, head):
    """Returns 1 - (sum of squared errors) / (sum of squared deviations from the mean), at most 1.

    Always finite. Where all targets are equal, as in a batch of one example, the ratio is undefined. As in
    scikit-learn it is then 1 for a perfect prediction and 0 for any other. Keras's `R2Score` returns NaN there, and
    creates its variables only at the first update.
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
            # Centered, because float32 loses the difference of two large sums of squares.
            z = (y - data.target_mean) / data.target_std
            miss = (y - prediction) / data.target_std
            self.count.assign(self.count + keras.ops.cast(keras.ops.size(z), self.dtype))
            self.total.assign(self.total + keras.ops.sum(z))
            self.squares.assign(self.squares + keras.ops.sum(z * z))
            self.misses.assign(self.misses + keras.ops.sum(miss * miss))

        def result(self):
            count = keras.ops.maximum(self.count, 1.0)
            variation = self.squares - self.total * self.total / count
            # Rounding errors of equal targets are not variance.
            is_defined = variation > 1e-6 * self.squares
            ratio = self.misses / keras.ops.where(is_defined, variation, 1.0)
            undefined = keras.ops.cast(self.misses <= 0.0, self.dtype)
            return keras.ops.where(is_defined, 1.0 - ratio, undefined)

    return R2()


@METRICS.register(
    label="Root mean squared error",
    help="Like the mean absolute error, but large errors count more. In the target's own units.",
    accepts=needs_numbers,
    keras_name="root_mean_squared_error",
    order=5,
)
def rmse(data: DataSpec, head):
    """Returns the square root of the mean of (y - prediction)², in the target's units."""
    import keras

    return keras.metrics.RootMeanSquaredError(name="rmse")
