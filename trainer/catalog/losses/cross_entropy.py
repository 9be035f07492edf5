"""Cross-entropy: for classes, labels and pixels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.catalog.needs import needs_classes
from trainer.config.data_spec import DataSpec
from trainer.config.registry import LOSSES

LabelSmoothing = Annotated[
    float,
    Field(
        ge=0,
        le=0.5,
        title="Label smoothing",
        description="Trust labels less: 0.1 asks for 90 % certainty instead of 100 %. 0: off.",
    ),
]


def needs_yes_or_no(spec: DataSpec) -> str | None:
    """Returns why a loss of probabilities does not fit, or None."""
    if spec.task == "multilabel":
        return None
    if spec.task == "reconstruction":
        return None if spec.rescale is not None else "it compares values from 0 to 1, and here they have no such limits"
    if spec.task == "classification" and spec.num_classes != 2:
        return f"it tells two classes apart, and this data set has {spec.num_classes}"
    return needs_classes(spec)


@LOSSES.register(
    label="Cross-entropy (sparse)",
    help="The usual choice for classes. Penalizes confidence in the wrong class.",
    accepts=needs_classes,
    head="softmax",
    keras_name="sparse_categorical_crossentropy",
    order=1,
)
def sparse_categorical_crossentropy(data: DataSpec):
    """Returns -log of the probability given to the true class, averaged over the batch."""
    import keras

    return keras.losses.SparseCategoricalCrossentropy()


@LOSSES.register(
    label="Cross-entropy with label smoothing",
    help="Cross-entropy that can trust the labels less. Try it when some labels are wrong.",
    accepts=needs_classes,
    head="softmax",
    keras_name="sparse_categorical_crossentropy",
    order=2,
)
def categorical_crossentropy(data: DataSpec, *, label_smoothing: LabelSmoothing = 0.0):
    """Returns the cross-entropy with the one-hot (or smoothed) classes, averaged over the batch.

    Label smoothing: Szegedy et al. 2016, arXiv:1512.00567, §7.
    """
    import keras

    loss = keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)
    return lambda y, prediction, sample_weight=None: loss(
        keras.ops.one_hot(y, data.num_classes), prediction, sample_weight
    )


@LOSSES.register(
    label="Cross-entropy (binary)",
    help="For two classes, several labels, or pixels. The model predicts a probability for each.",
    accepts=needs_yes_or_no,
    head="sigmoid",
    keras_name="binary_crossentropy",
    order=3,
)
def binary_crossentropy(data: DataSpec, *, label_smoothing: LabelSmoothing = 0.0):
    """Returns -log of the probability given to the truth, averaged over the batch (and labels, or pixels)."""
    import keras

    loss = keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
    if data.task != "classification":
        return loss
    return lambda y, prediction, sample_weight=None: loss(
        keras.ops.reshape(y, (-1, 1)), prediction, sample_weight=sample_weight
    )
