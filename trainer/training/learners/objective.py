"""The quantity to minimize: a loss for each output of the model, weighted and summed."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import keras
import tensorflow as tf

from trainer.errors import ConfigError
from trainer.training.learners.outputs import align, pair_outputs, per_output

#: Keras losses of labels, one whole number per prediction.
SPARSE = ("sparse_categorical_crossentropy",)
#: Keras losses of two classes.
BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
#: Keras losses whose targets need not have the shape of the predictions.
OTHER_SHAPES = ("ctc", "circle", "categorical_generalized_cross_entropy")


class NamedLoss(keras.losses.Loss):
    """A Keras loss that was given by name, averaged over the batch as in `compile`."""

    def __init__(self, fn: Callable, name: str):
        super().__init__(name=name)
        self.fn = fn

    def call(self, y_true, y_pred):
        """Returns one value per example."""
        return self.fn(*align(y_true, y_pred))


def resolve_loss(loss):
    """Returns a callable loss: a Keras loss for a name, and anything else unchanged.

    Raises:
        ConfigError: there is no such loss.
    """
    if isinstance(loss, dict):
        return {name: resolve_loss(part) for name, part in loss.items()}
    if isinstance(loss, tuple | list):
        return [resolve_loss(part) for part in loss]
    try:
        found = keras.losses.get(loss)
    except ValueError:
        found = None
    if loss is not None and not callable(found):
        raise ConfigError(
            f"loss must be a Keras loss, its name or a function (y, prediction). Received: {loss!r}. "
            'Use "mean_squared_error", for example.',
            "loss",
        )
    return NamedLoss(found, loss) if isinstance(loss, str) and inspect.isfunction(found) else found


class Objective:
    """Computes the loss of a batch, float32.

    Args:
        loss: a resolved loss, or {output: loss} or [loss, …] for several outputs; None leaves an output out.
        weights: of the outputs' losses in the sum, likewise; None: all 1.
        names: of the model's outputs.
    """

    def __init__(self, loss, weights=None, names: tuple[str, ...] = ()):
        self._loss, self._weights, self._names = loss, weights, names

    def __call__(self, y, prediction, sample_weight: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the batch's loss; runs inside a compiled function.

        Raises:
            ConfigError: targets and predictions do not fit this loss.
        """
        pairs = pair_outputs(y, prediction, self._names)
        names = tuple(name for name, _, _ in pairs)
        losses, weights = per_output(self._loss, names, "loss"), per_output(self._weights, names, "loss_weights")
        total = []
        for loss, weight, (_, target, output) in zip(losses, weights, pairs, strict=True):
            if loss is not None:
                value = mean_loss(loss, target, output, sample_weight)
                total.append(value if weight is None else value * weight)
        return total[0] if len(total) == 1 else tf.add_n(total)


def mean_loss(loss: Callable, y: tf.Tensor, prediction: tf.Tensor, sample_weight: tf.Tensor | None) -> tf.Tensor:
    """Returns the batch's mean of one output's loss, float32."""
    check_shapes(loss, y, prediction)
    y, prediction = align(y, prediction)
    if sample_weight is None:
        values = loss(y, prediction)
    elif takes_weights(loss):
        values = loss(y, prediction, sample_weight)
    else:
        values = loss(y, prediction)
        if not values.shape.rank:
            raise ConfigError(
                "class_weight needs a loss with one value per example. Received: a function that returns their mean. "
                "Return one value per example, or take sample_weight as third argument.",
                "loss",
            )
        weight = tf.reshape(sample_weight, [-1] + [1] * (values.shape.rank - 1))
        values *= tf.cast(weight, values.dtype)
    return tf.reduce_mean(tf.cast(values, tf.float32))


def takes_weights(loss: Callable) -> bool:
    """Returns whether a loss takes the examples' weights as its third argument."""
    return isinstance(loss, keras.losses.Loss) or "sample_weight" in inspect.signature(loss).parameters


def keras_name(loss: Callable) -> str:
    """Returns the name of the Keras function behind a loss, or "" if it is not a Keras loss."""
    function = getattr(loss, "fn", loss)
    return function.__name__ if (getattr(function, "__module__", None) or "").startswith("keras.src.losses") else ""


def check_shapes(loss: Callable, y: tf.Tensor, prediction: tf.Tensor) -> None:
    """Raises ConfigError if a Keras loss would broadcast targets silently, or fail while compiling."""
    name = keras_name(loss)
    if not name or name in OTHER_SHAPES or name.startswith("_"):
        return
    have, given = list(prediction.shape)[1:], list(y.shape)[1:]
    shapes = f"Received: targets {tuple(y.shape)} and predictions {tuple(prediction.shape)}."
    if name in SPARSE:
        if given not in (have[:-1], [*have[:-1], 1]) or not have:
            advice = 'Use "categorical_crossentropy" for one-hot labels' if given == have else "Change the last layer"
            raise ConfigError(f"loss {name} needs one label per prediction. {shapes} {advice}.", "loss")
        return
    given = list(align(y, prediction)[0].shape)[1:]
    have = list(align(y, prediction)[1].shape)[1:]
    if given != have and None not in (*given, *have):
        advice = "Change the last layer or reshape y."
        if name.startswith("categorical") and y.dtype.is_integer:
            advice = 'Use "sparse_categorical_crossentropy" for labels that are whole numbers.'
        raise ConfigError(f"loss {name} needs targets of the predictions' shape. {shapes} {advice}", "loss")


def first_label(loss: Callable, labels: tuple[int, int], prediction: tf.Tensor) -> int:
    """Returns the label of the first class: 0, or 1 if the labels start at 1.

    Args:
        loss: of one output.
        labels: the lowest and the highest label in the data.
        prediction: of a batch.

    Raises:
        ConfigError: labels outside the model's classes.
    """
    name, units = keras_name(loss), prediction.shape[-1]
    if name not in (*SPARSE, *BINARY) or (name in BINARY and units != 1):
        return 0
    classes = 2 if name in BINARY else units
    for first in (0, 1):
        if first <= labels[0] and labels[1] < classes + first:
            return first
    raise ConfigError(
        f"Labels must be from 0 to {classes - 1}, or from 1 to {classes}, because the model has {classes} classes. "
        f"Received: labels from {labels[0]} to {labels[1]}. Change the last layer or number the classes from 0.",
        "y",
    )
