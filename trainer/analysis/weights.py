"""Weights of a checkpoint: the filters of its first layer, and memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.analysis.architecture import Layer, layers_of
from trainer.analysis.predictor import Predictor


@dataclass(frozen=True)
class ModelView:
    """What a checkpoint's model is made of.

    Attributes:
        step: of the checkpoint.
        layers: in order.
        filters: of the first convolution, float32 (filters, height, width, channels); None without one.
        weight_bytes: of all variables of the model or models.
        optimizer_bytes: of the optimizer's variables, such as Adam's moments.
        optimizer_numbers: how many numbers these are.
    """

    step: int
    layers: tuple[Layer, ...]
    filters: np.ndarray | None
    weight_bytes: int
    optimizer_bytes: int
    optimizer_numbers: int


def view_model(model: Predictor) -> ModelView:
    """Returns what a predictor's model is made of."""
    learner = model.learner
    kept = [np.asarray(variable) for _, variables in _optimizer_parts(learner) for variable in variables]
    layers = layers_of(learner)
    return ModelView(
        model.step,
        layers,
        first_filters(model.model),
        sum(layer.bytes for layer in layers),
        sum(array.nbytes for array in kept),
        sum(array.size for array in kept),
    )


def first_filters(model) -> np.ndarray | None:
    """Returns the filters of a model's first 2-D convolution, float32 (filters, height, width, channels), or None."""
    import keras

    for layer in getattr(model, "layers", ()):
        if isinstance(layer, keras.layers.Conv2D) and not isinstance(layer, keras.layers.Conv2DTranspose):
            return np.moveaxis(np.asarray(layer.kernel, np.float32), -1, 0)
    return None


def _optimizer_parts(learner) -> list[tuple[str, list]]:
    return [(part, held) for part, held in learner.variables().items() if "optimizer" in part]
