"""Architecture: a model's layers with shapes, parameters and memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import MODELS
from trainer.config.run_config import RunConfig


@dataclass(frozen=True)
class Layer:
    """One layer of a model, or one variable of a `tf.Module`.

    Attributes:
        name: unique in the model.
        kind: the class, such as "Dense"; "variable" in a tf.Module.
        output_shape: without the batch; of a variable its own shape.
        parameters: numbers in its variables.
        trainable: those that training changes.
        bytes: of its variables.
        activation: "relu", …; "" if it has none.
        model: of a GAN "generator" or "discriminator"; else "".
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int
    trainable: int
    bytes: int
    activation: str = ""
    model: str = ""


def layers_of(learner) -> tuple[Layer, ...]:
    """Returns the layers of a learner's model or models, in order."""
    import keras

    models = {"": learner.model}
    if hasattr(learner, "discriminator"):
        models = {"generator": learner.generator, "discriminator": learner.discriminator}
    found = []
    for label, model in models.items():
        if isinstance(model, keras.Model) and model.layers:
            found += [_layer(layer, label) for layer in model.layers]
        else:
            found += [_variable(variable) for variable in model.variables]
    return tuple(found)


@lru_cache(maxsize=32)
def _planned(fields: str) -> tuple[Layer, ...]:
    from trainer.training.build import build_learner

    config = RunConfig.model_validate_json(fields)
    learner = build_learner(config, _with_statistics(seen_by(MODELS[config.model], config.spec)))
    try:
        return layers_of(learner)
    finally:
        learner.release()


def run_layers(run) -> tuple[Layer, ...]:
    """Returns the layers of a run's model; empty before the first start."""
    from trainer.training.build import build_learner

    if run.spec is None:
        return ()
    learner = build_learner(run.config, run.spec)
    try:
        return layers_of(learner)
    finally:
        learner.release()


def planned_layers(config: RunConfig) -> tuple[Layer, ...]:
    """Returns the layers of the model that a recipe describes, before any data is loaded.

    Raises:
        ConfigError, DataError: the recipe does not fit, or its data cannot be read.
    """
    # Only what shapes the model, so that a change of anything else does not build it again.
    shaping = RunConfig(
        model=config.model,
        model_options=config.model_options,
        dataset=config.dataset,
        dataset_options=config.dataset_options,
        loss=config.loss,
        loss_options=config.loss_options,
        precision=config.precision,
    )
    return _planned(shaping.to_json())


def _with_statistics(spec: DataSpec) -> DataSpec:
    """Returns the spec with statistics that do not matter for shapes, if it has none yet."""
    if not spec.standardize or spec.mean:
        return spec
    count = len(spec.columns) or spec.input_shape[-1]
    return replace(spec, mean=(0.0,) * count, variance=(1.0,) * count)


def _layer(layer, label: str) -> Layer:
    import keras

    shape = getattr(layer, "output", None)
    shape = tuple(shape.shape[1:]) if shape is not None and hasattr(shape, "shape") else ()
    activation = getattr(layer, "activation", None)
    name = keras.activations.serialize(activation) if activation is not None else ""
    return Layer(
        layer.name,
        type(layer).__name__,
        shape,
        sum(_size(variable) for variable in layer.variables),
        sum(_size(variable) for variable in layer.trainable_variables),
        sum(_size(variable) * _item_bytes(variable) for variable in layer.variables),
        name if isinstance(name, str) and name != "linear" else "",
        label,
    )


def _variable(variable) -> Layer:
    size = _size(variable)
    name = getattr(variable, "path", variable.name).split(":")[0]
    return Layer(
        name, "variable", tuple(variable.shape), size, size * bool(variable.trainable), size * _item_bytes(variable)
    )


def _size(variable) -> int:
    return math.prod(variable.shape)


def _item_bytes(variable) -> int:
    import tensorflow as tf

    return tf.as_dtype(variable.dtype).size
