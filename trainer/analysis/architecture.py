"""Architecture: a model's layers with shapes, parameters and memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from trainer.analysis.jobs import Job, ask
from trainer.config.data_spec import DataSpec
from trainer.config.run_config import RunConfig

#: The settings that a model's layers depend on.
_SHAPING = {"model", "model_options", "dataset", "dataset_options", "loss", "loss_options", "precision"}


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


def planned_layers(config: RunConfig) -> tuple[Layer, ...]:
    """Returns the layers of the model that a recipe describes, before any data is loaded.

    Raises:
        ConfigError, DataError: the recipe does not fit, or its data cannot be read.
    """
    return _built_layers(config, _with_statistics(config.spec))


def run_layers(run) -> tuple[Layer, ...]:
    """Returns the layers of a run's model; empty before the first start."""
    return _built_layers(run.config, run.spec) if run.spec else ()


def ask_layers(config: RunConfig) -> Job:
    """Returns the job that finds `planned_layers`; recipes that describe the same model share it."""
    shaping = config.model_dump_json(include=_SHAPING)
    return ask(("layers", shaping), lambda job: planned_layers(config))


def _built_layers(config: RunConfig, spec: DataSpec) -> tuple[Layer, ...]:
    from trainer.training.build import build_learner

    learner = build_learner(config, spec)
    try:
        return layers_of(learner)
    finally:
        learner.release()


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
