"""Keras objects as source: layers, initializers, optimizers and schedules, with what differs from their defaults."""

from __future__ import annotations

import inspect
from typing import Any

from trainer.errors import ExportError
from trainer.export.code.writing import Code, call, factor

#: Where the classes of each kind are found, and what one is called.
_NAMESPACES = {
    "layers": "keras.layers",
    "initializers": "keras.initializers",
    "optimizers": "keras.optimizers",
    "schedules": "keras.optimizers.schedules",
}


def write_object(thing: Any, kind: str, **known: Any) -> Code:
    """Returns the call that makes an equal Keras object.

    Args:
        thing: a layer, initializer, optimizer or schedule of Keras.
        kind: a key of `_NAMESPACES`.
        known: arguments whose values are known better than the object's config tells them.

    Raises:
        ExportError: Keras has no such class.
    """
    values, options = arguments_of(thing, kind, known)
    return call(class_name(thing, kind), *values, **options)


def class_name(thing: Any, kind: str) -> str:
    """Returns a class as source, "keras.layers.Dense"; a class of this project by its name alone."""
    import keras

    name, found = type(thing).__name__, keras
    for part in _NAMESPACES[kind].split(".")[1:]:
        found = getattr(found, part)
    if getattr(found, name, None) is type(thing):
        return f"{_NAMESPACES[kind]}.{name}"
    if name == "HashedDropout" or type(thing).__module__.startswith("trainer.catalog.custom."):
        return name  # The program defines it.
    raise refusal(f"{type(thing).__name__} is a class of its own")


def arguments_of(thing: Any, kind: str, known: dict | None = None) -> tuple[list, dict]:
    """Returns the arguments that make an equal object: those without a default, and those that differ from it."""
    known = known or {}
    config = thing.get_config() | known
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(type(thing).__init__).parameters.items()
        if name in config and name != "name"
    }
    needed = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    if kind != "schedules":
        # What an object says of its defaults, such as (3, 3) for 3.
        defaults |= type(thing)(*(config[name] for name in needed)).get_config()
    names = [*parameters, *(["dtype"] if kind == "layers" else [])]
    changed = {
        name: write_value(config[name], name)
        for name in dict.fromkeys(names)
        if name in known or not is_default(type(thing).__name__, name, config[name], defaults[name])
    }
    values = [write_value(config[name], name) for name in needed]
    return values, {name: value for name, value in changed.items() if name not in needed}


def write_value(value: Any, name: str) -> Any:
    """Returns an argument of a config as it is written by hand."""
    import keras

    if isinstance(value, dict) and "class_name" in value:
        if name == "dtype":
            return value["config"]["name"]
        return write_object(keras.saving.deserialize_keras_object(value), "initializers")
    # A factor such as 1/255 reads better than its decimals.
    if name == "scale" and isinstance(value, float):
        return Code(factor(value))
    # (3, 3) is 3 for sizes in pixels.
    is_even = isinstance(value, tuple | list) and len(value) == 2 and len({*map(str, value)}) == 1
    if is_even and name in ("kernel_size", "strides", "pool_size", "dilation_rate"):
        return value[0]
    return tuple(value) if isinstance(value, list) and name != "seeds" else value


def list_of(value: Any) -> Any:
    """Returns a tuple as a list, and anything else as it is."""
    return list(value) if isinstance(value, tuple) else value


def is_default(layer_class: str, name: str, value: Any, default: Any) -> bool:
    """Returns whether an argument has its default, also where building the layer wrote it out."""
    written_out = {("LayerNormalization", "axis"): [-1], ("MultiHeadAttention", "attention_axes"): [1]}
    return value == default or list_of(value) == written_out.get((layer_class, name), ...)


def refusal(why: str) -> ExportError:
    """Returns the error for a run that cannot be written as plain code."""
    return ExportError(f"This run cannot be written as plain code, because {why}. Download savedmodel.zip instead.")
