"""Ratios of counts for each class, averaged over the classes: what precision, recall and F1 are."""

from __future__ import annotations

import numpy as np

from trainer.config.data_spec import DataSpec


def class_labels(data: DataSpec) -> tuple[str, ...]:
    """Returns the names of classes or labels; their numbers where they have none."""
    return data.class_names or tuple(map(str, range(data.num_classes or 0)))


def mean_over_classes(name: str, data: DataSpec, head, ratio):
    """Returns a metric that is a ratio of counts for each class, averaged over the classes.

    Over a split it is scikit-learn's `average="macro"`: a ratio to nothing counts as 0. Classes that are neither
    there nor predicted do not count; labels always do. Of one batch, which misses many classes by chance, ratios to
    nothing are left out (`zero_division=nan`). NaN where no class has a ratio. Keras's metrics of these names count
    all classes in one, or make their variables late.

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
            counts = self._count(y_true, y_pred)
            for total, more in zip((self.hits, self.guessed, self.actual), counts, strict=True):
                total.assign(total + more)

        def result(self):
            ratios, has_ratio, seen = self._ratios(self.hits + 0.0, self.guessed + 0.0, self.actual + 0.0)
            counted = keras.ops.ones_like(seen) if data.task == "multilabel" else seen
            mean = keras.ops.sum(ratios * counted) / keras.ops.maximum(keras.ops.sum(counted), 1.0)
            return keras.ops.where(keras.ops.any(has_ratio), mean, np.nan)

        def of_batch(self, y_true, y_pred):
            """Returns the mean over the classes that have a ratio in this batch."""
            ratios, has_ratio, _ = self._ratios(*self._count(y_true, y_pred))
            # 0 / 0 where none has: NaN.
            return keras.ops.sum(ratios) / keras.ops.sum(keras.ops.cast(has_ratio, self.dtype))

        def per_class(self) -> dict[str, float]:
            """Returns the ratio of each class that was there or predicted, by its name."""
            ratios, _, seen = map(np.array, self._ratios(self.hits + 0.0, self.guessed + 0.0, self.actual + 0.0))
            return {
                label: float(r) for label, r, is_seen in zip(class_labels(data), ratios, seen, strict=True) if is_seen
            }

        def _count(self, y_true, y_pred):
            if data.task == "multilabel":
                actual = keras.ops.cast(y_true, self.dtype)
                guessed = keras.ops.cast(keras.ops.cast(y_pred, self.dtype) > 0.5, self.dtype)
            else:
                guess = keras.ops.argmax(y_pred, axis=-1) if head.units > 1 else y_pred[:, 0] > 0.5
                actual = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), classes, dtype=self.dtype)
                guessed = keras.ops.one_hot(keras.ops.cast(guess, "int32"), classes, dtype=self.dtype)
            return tuple(keras.ops.sum(part, axis=0) for part in (actual * guessed, guessed, actual))

        def _ratios(self, hits, guessed, actual):
            """Returns each class's ratio, 0 without one; whether it has one; 1 where it was there or predicted."""
            top, bottom = ratio(hits, guessed, actual)
            seen = keras.ops.cast(guessed + actual > 0, self.dtype)
            return top / keras.ops.maximum(bottom, 1.0), bottom > 0, seen

    return MeanOverClasses()
