"""Losses: each entry returns a function of (y, prediction) that gives one number, the batch's mean.

y and prediction are as the data and the model give them: int32 (batch,) classes beside
(batch, classes) or (batch, 1) probabilities, or float32 (batch, 1) targets beside predictions of
the same shape and unit. With several labels both are float32 (batch, labels); for a reconstruction y is
the scaled input; for a generation y is 1 where the discriminator should say "real" and 0 where it should
not, beside its scores (batch, 1). The functions work inside `tf.function`, with and without XLA.

Traits of an entry:
    accepts: why it does not fit a data set, or None.
    head: what the model's last layer must give: "softmax", "sigmoid" or "linear".
    keras_name: the Keras loss for the same y and prediction, to compile a downloaded model with; it
        knows neither label smoothing nor the target's standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from trainer.config.data_spec import GOALS, DataSpec
from trainer.config.registry import LOSSES

LabelSmoothing = Annotated[
    float,
    Field(
        ge=0,
        le=0.5,
        title="label smoothing",
        description="How much to doubt the labels: 0.1 asks for 90 % instead of 100 % certainty. 0: not at all.",
    ),
]


def needs(*tasks: str, what: str) -> Callable[[DataSpec], str | None]:
    """Returns an `accepts` for some tasks.

    Args:
        tasks: those that fit.
        what: what the loss or metric does, as a clause: "it compares classes".
    """
    return lambda spec: None if spec.task in tasks else f"{what}, and here {GOALS[spec.task]}"


needs_classes = needs("classification", what="it compares classes")
needs_numbers = needs("regression", what="it measures how far a number is off")
needs_numbers_or_inputs = needs("regression", "reconstruction", what="it measures how far numbers are off")
needs_scores = needs("generation", what="it judges made examples against real ones")


def needs_yes_or_no(spec: DataSpec) -> str | None:
    """Returns why a loss of probabilities does not fit, or None."""
    if spec.task == "multilabel":
        return None
    if spec.task == "reconstruction":
        return None if spec.rescale is not None else "it compares values from 0 to 1, and here they have no such limits"
    if spec.task == "classification" and spec.num_classes != 2:
        return f"it tells two classes apart, and this data set has {spec.num_classes}"
    return needs_classes(spec)


def in_standard_deviations(loss: Callable, data: DataSpec) -> Callable:
    """Returns `loss` of y and prediction in standard deviations of the target.

    So learning rates mean the same whatever unit the target has. A reconstruction's target is scaled already.
    """
    scale = 1.0 / data.target_std if data.task == "regression" else 1.0
    return loss if scale == 1.0 else lambda y, prediction: loss(y * scale, prediction * scale)


@LOSSES.register(
    label="Cross-entropy (sparse)",
    help="For classes given as numbers: punishes confidence in the wrong class. The usual choice.",
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
    help="The same, and it can be told to doubt the labels; try it when some labels are wrong.",
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
    help="For two classes, several labels, or pixels: the model gives a probability for each yes or no.",
    accepts=needs_yes_or_no,
    head="sigmoid",
    keras_name="binary_crossentropy",
    order=3,
)
def binary_crossentropy(data: DataSpec, *, label_smoothing: LabelSmoothing = 0.0):
    """Returns -log of the probability given to what is true, averaged over the batch (and labels, or pixels)."""
    import keras

    loss = keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
    if data.task != "classification":
        return loss
    return lambda y, prediction, sample_weight=None: loss(
        keras.ops.reshape(y, (-1, 1)), prediction, sample_weight=sample_weight
    )


@LOSSES.register(
    label="Mean squared error",
    help="Punishes large misses most; in squared standard deviations of the target. The usual choice.",
    accepts=needs_numbers_or_inputs,
    head="linear",
    keras_name="mean_squared_error",
    order=4,
)
def mean_squared_error(data: DataSpec):
    """Returns the mean of (y - prediction)², in squared standard deviations of the target."""
    import keras

    return in_standard_deviations(keras.losses.MeanSquaredError(), data)


@LOSSES.register(
    label="Mean absolute error",
    help="Punishes every miss by its size, so outliers count less; in standard deviations of the target.",
    accepts=needs_numbers_or_inputs,
    head="linear",
    keras_name="mean_absolute_error",
    order=5,
)
def mean_absolute_error(data: DataSpec):
    """Returns the mean of |y - prediction|, in standard deviations of the target."""
    import keras

    return in_standard_deviations(keras.losses.MeanAbsoluteError(), data)


@LOSSES.register(
    label="Huber",
    help="Squared for small misses and linear for large ones; try it when the data has outliers.",
    accepts=needs_numbers,
    head="linear",
    keras_name="huber",
    order=6,
)
def huber(
    data: DataSpec,
    *,
    delta: Annotated[
        float,
        Field(gt=0, le=1000, description="From which miss on it is linear, in standard deviations of the target."),
    ] = 1.0,
):
    """Returns the mean of the Huber loss, in standard deviations of the target (Huber 1964)."""
    import keras

    return in_standard_deviations(keras.losses.Huber(delta=delta), data)


@LOSSES.register(
    label="Non-saturating",
    help="The usual choice for a GAN: each network is asked for the probability that an image is real.",
    accepts=needs_scores,
    head="linear",
    order=7,
)
def non_saturating(data: DataSpec):
    """Returns the cross-entropy of scores (log-odds) with 1 real or 0 made, averaged over the batch.

    The generator asks for 1 on what it made, instead of maximizing what the discriminator minimizes
    (Goodfellow et al. 2014, arXiv:1406.2661, §3).
    """
    import keras

    return keras.losses.BinaryCrossentropy(from_logits=True)


@LOSSES.register(
    label="Least squares",
    help="For a GAN: pulls the scores of real images to 1 and of made ones to 0; steadier, sometimes blurrier.",
    accepts=needs_scores,
    head="linear",
    order=8,
)
def least_squares(data: DataSpec):
    """Returns the mean of (score - y)², with y 1 real or 0 made (Mao et al. 2017, arXiv:1611.04076)."""
    import keras

    return keras.losses.MeanSquaredError()
