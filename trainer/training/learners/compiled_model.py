"""Reads optimizer, loss and metrics from a compiled Keras model."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf

from trainer.errors import ConfigError


@dataclass(frozen=True)
class Compiled:
    """The arguments of `model.compile`; None if not given.

    Attributes:
        optimizer: a Keras optimizer.
        loss: as given: a loss, its name, or one for each output.
        loss_weights: of the outputs' losses in the sum.
        metrics: as given.
    """

    optimizer: keras.optimizers.Optimizer | None = None
    loss: object = None
    loss_weights: object = None
    metrics: object = None


def compiled_with(model: keras.Model | tf.Module) -> Compiled:
    """Returns what a model was compiled with.

    Raises:
        ConfigError: it has weighted metrics, which this loop does not measure.
    """
    if not getattr(model, "compiled", False):
        return Compiled()
    # Keras stores the original loss weights and metrics only here.
    loss, metrics = model._compile_loss, model._compile_metrics
    if metrics is not None and metrics._user_weighted_metrics:
        raise ConfigError(
            "A compiled model must not have weighted_metrics: this loop weighs every example the same. Compile it with "
            "metrics instead.",
            "metrics",
        )
    return Compiled(
        model.optimizer,
        model.loss,
        None if loss is None else loss._user_loss_weights,
        None if metrics is None else metrics._user_metrics,
    )


def resolve_optimizer(optimizer) -> keras.optimizers.Optimizer:
    """Returns a Keras optimizer.

    Raises:
        ConfigError: there is none of that name, or it scales losses.
    """
    try:
        found = keras.optimizers.get(optimizer)
    except ValueError as error:
        raise ConfigError(
            f'optimizer must be a Keras optimizer or its name. Received: {optimizer!r}. Use "adam", for example.',
            "optimizer",
        ) from error
    check_scaling(found)
    return found


def check_scaling(optimizer: keras.optimizers.Optimizer) -> None:
    """Raises ConfigError for an optimizer that expects scaled losses: it would divide gradients that are not scaled."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) or getattr(optimizer, "loss_scale_factor", None):
        raise ConfigError(
            f"optimizer must not scale the loss. Received: {type(optimizer).__name__}, which does. Pass its "
            "inner_optimizer, or leave out loss_scale_factor (compile with auto_scale_loss=False), and use float32 or "
            "mixed_bfloat16.",
            "optimizer",
        )
