"""How many examples are classified right."""

from __future__ import annotations

from trainer.catalog.needs import needs_classes, needs_classes_or_labels, needs_labels
from trainer.config.data_spec import DataSpec
from trainer.config.registry import METRICS


@METRICS.register(
    label="Accuracy",
    help="The fraction of examples classified right. With several labels per example, the fraction of labels.",
    accepts=needs_classes_or_labels,
    is_default=True,
    keras_name="accuracy",
    order=1,
)
def accuracy(data: DataSpec, head):
    """Returns the fraction in [0, 1] of examples whose most probable class is the true one, or of right labels."""
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
    help="The fraction of examples whose true class is among the three most probable.",
    accepts=needs_four_classes,
    order=2,
)
def top_3_accuracy(data: DataSpec, head):
    """Returns the fraction in [0, 1] of examples whose true class is among the three most probable."""
    import keras

    return keras.metrics.SparseTopKCategoricalAccuracy(k=3, name="top_3_accuracy")


@METRICS.register(
    label="Exact match",
    help="The fraction of examples with every label right.",
    accepts=needs_labels,
    is_default=True,
    order=6,
)
def exact_match(data: DataSpec, head):
    """Returns the fraction in [0, 1] of examples whose labels are all right."""
    import keras

    class ExactMatch(keras.metrics.Mean):
        """The mean of 1 where a whole row is right, else 0."""

        def __init__(self, name="exact_match", dtype=None):
            super().__init__(name=name, dtype=dtype)

        def update_state(self, y_true, y_pred, sample_weight=None):
            right = keras.ops.equal(keras.ops.cast(y_true, self.dtype) > 0.5, keras.ops.cast(y_pred, self.dtype) > 0.5)
            super().update_state(keras.ops.cast(keras.ops.all(right, axis=-1), self.dtype))

    return ExactMatch()
