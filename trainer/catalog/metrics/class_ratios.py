"""Precision, recall and F1: ratios of counts per class, averaged over the classes."""

from __future__ import annotations

import numpy as np

from trainer.catalog.needs import needs_classes_or_labels
from trainer.config.data_spec import DataSpec
from trainer.config.registry import METRICS


def mean_over_classes(name: str, data: DataSpec, head, ratio):
    """Returns a metric that averages a ratio of counts over the classes.

    Over a split it is scikit-learn's `average="macro"`: a ratio with denominator 0 counts as 0. Classes that neither
    occur nor are predicted are skipped; labels never are. A single batch lacks many classes by chance, so there
    ratios with denominator 0 are skipped (`zero_division=nan`). NaN where no class has a ratio. Keras's metrics of
    these names pool all classes, or create their variables late.

    Args:
        name: of the metric.
        data: with the number of classes or labels.
        head: how to read predictions.
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
            # 0 / 0 = NaN where no class has one.
            return keras.ops.sum(ratios) / keras.ops.sum(keras.ops.cast(has_ratio, self.dtype))

        def per_class(self) -> dict[str, float]:
            """Returns the ratio of each class that occurs or is predicted, by name."""
            ratios, _, seen = map(np.array, self._ratios(self.hits + 0.0, self.guessed + 0.0, self.actual + 0.0))
            return {
                label: float(r) for label, r, is_seen in zip(data.class_labels, ratios, seen, strict=True) if is_seen
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
            """Returns per class: the ratio or 0, whether it is defined, 1 where the class occurs or is predicted."""
            top, bottom = ratio(hits, guessed, actual)
            seen = keras.ops.cast(guessed + actual > 0, self.dtype)
            return top / keras.ops.maximum(bottom, 1.0), bottom > 0, seen

    return MeanOverClasses()


@METRICS.register(
    label="Precision",
    help="Of the examples predicted as a class, the fraction that is right. Averaged; classes listed after training.",
    accepts=needs_classes_or_labels,
    order=7,
)
def precision(data: DataSpec, head):
    """Returns the mean over the classes of (true positives) / (predicted), in [0, 1]."""
    return mean_over_classes("precision", data, head, lambda hits, guessed, actual: (hits, guessed))


@METRICS.register(
    label="Recall",
    help="Of the examples of a class, the fraction that is found. Averaged; classes listed after training.",
    accepts=needs_classes_or_labels,
    order=8,
)
def recall(data: DataSpec, head):
    """Returns the mean over the classes of (true positives) / (actual), in [0, 1]."""
    return mean_over_classes("recall", data, head, lambda hits, guessed, actual: (hits, actual))


@METRICS.register(
    label="F1",
    help="The harmonic mean of precision and recall, fair to rare classes. Each class is listed after training.",
    accepts=needs_classes_or_labels,
    order=9,
)
def f1_macro(data: DataSpec, head):
    """Returns the mean over the classes of 2·(true positives) / (predicted + actual), in [0, 1]."""
    return mean_over_classes("f1_macro", data, head, lambda hits, guessed, actual: (2 * hits, guessed + actual))
