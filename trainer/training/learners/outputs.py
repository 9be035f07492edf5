"""Pairs a model's outputs with their targets."""

from __future__ import annotations

import keras
import tensorflow as tf

from trainer.data.values import parts_of
from trainer.errors import ConfigError


def output_names(model: keras.Model | tf.Module) -> tuple[str, ...]:
    """Returns the names of a model's outputs, in order; empty if it has no names."""
    return tuple(getattr(model, "output_names", None) or ())


def pair_outputs(y, prediction, names: tuple[str, ...]) -> list[tuple[str, tf.Tensor, tf.Tensor]]:
    """Returns name, target and prediction of each output, in the model's order.

    Args:
        y: one tensor, {name: tensor} or (tensor, …).
        prediction: of the model, in the same form.
        names: of the model's outputs, if it has names.

    Raises:
        ConfigError: targets and outputs do not match.
    """
    if isinstance(prediction, dict):
        names = names if set(names) == set(prediction) else tuple(sorted(prediction))
        outputs = [prediction[name] for name in names]
    else:
        outputs = parts_of(prediction)
        names = names if len(names) == len(outputs) else tuple(map(str, range(len(outputs))))
    if isinstance(y, dict):
        if set(y) != set(names):
            raise ConfigError(
                f"y must have one entry per output of the model: {', '.join(names)}. Received: {', '.join(y)}. "
                "Name the targets like the outputs.",
                "y",
            )
        targets = [y[name] for name in names]
    else:
        targets = parts_of(y)
    if len(targets) != len(outputs):
        raise ConfigError(
            f"y must have one array per output of the model, {len(outputs)}. Received: {len(targets)}. "
            "Give {name: array} or a tuple of arrays.",
            "y",
        )
    return list(zip(names, targets, outputs, strict=True))


def per_output(given, names: tuple[str, ...], argument: str) -> list:
    """Returns one value per output, in order; a single value is used for all.

    Args:
        given: a value, {name: value} or [value, …].
        names: of the outputs.
        argument: its name, for the error message.

    Raises:
        ConfigError: names or number do not match.
    """
    if isinstance(given, dict):
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ConfigError(
                f"{argument} must name outputs of the model: {', '.join(names)}. Received: {unknown[0]}. Rename it.",
                argument,
            )
        return [given.get(name) for name in names]
    if isinstance(given, tuple | list):
        if len(given) != len(names):
            raise ConfigError(
                f"{argument} must have one entry per output of the model, {len(names)}. Received: {len(given)}.",
                argument,
            )
        return list(given)
    return [given] * len(names)


def align(y: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns both with the same rank if they differ by a last axis of size 1, as Keras does.

    Otherwise (batch, 1) and (batch,) would be broadcast to (batch, batch).
    """
    ranks = len(y.shape), len(prediction.shape)
    if ranks == (1, 2) and prediction.shape[-1] == 1:
        return y[:, None], prediction
    if ranks == (2, 1) and y.shape[-1] == 1:
        return y, prediction[:, None]
    if ranks[0] == ranks[1] + 1 and y.shape[-1] == 1:
        return tf.squeeze(y, -1), prediction
    if ranks[1] == ranks[0] + 1 and prediction.shape[-1] == 1:
        return y, tf.squeeze(prediction, -1)
    return y, prediction
