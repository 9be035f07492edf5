"""A functional Keras model as source, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from trainer.export.code.layers import class_name, refusal, write_object
from trainer.export.code.writing import Code, call

#: Why a layer is as it is; shown where the first such layer stands.
_NOTES = {
    "HeNormal": "He initialization suits relu: activations keep their size from layer to layer.",
    "GlorotUniform": "Glorot initialization suits layers without relu.",
    "MaxPooling2D": "Halving the image lets the next layer see larger patterns.",
    "BatchNormalization": "Batch norm keeps activations near mean 0 and variance 1, so larger steps are safe.",
    "Dropout": "Dropout sets values to zero at random, in training only, against overfitting.",
    "HashedDropout": "Dropout sets values to zero at random, in training only, against overfitting.",
    "LayerNormalization": "Normalizing before attention and MLP keeps training stable without a warm-up.",
    "MultiHeadAttention": "Every position looks at every other one.",
    "Bidirectional": "One half reads forwards, the other backwards.",
    "LSTM": "A memory cell carries information over many steps.",
    "GRU": "Gates decide what the memory keeps from step to step.",
}
_NAMES = "xyzuvw"


def write_graph(model: Any, shape: Code, name: str = "model", seed_stream: Sequence[int] = ()) -> str:
    """Returns code that builds an equal model, with the same initial weights.

    Args:
        model: functional, with one input and one output; each layer is used once.
        shape: of one example, as source.
        name: of the variable.
        seed_stream: seeds that the initial weights may have been drawn with, apart from initializers.

    Raises:
        ExportError: the model is of another kind.
    """
    nodes = [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]
    operations = [id(node.operation) for node in nodes]
    if len(model.inputs) != 1 or len(model.outputs) != 1 or len(set(operations)) < len(operations):
        raise refusal("its model has several inputs or outputs, or uses a layer twice")
    names, noted = Names(nodes, model), set()
    lines = [f"inputs = {call('keras.Input', shape)}"]
    for node in nodes[1:]:
        taken = [names.of(argument) for argument in node.arguments.args]
        layer, after = write_layer(node.operation, seed_stream)
        kinds = {type(node.operation).__name__} | {key for key in _NOTES if f"initializers.{key}(" in layer}
        lines += [f"# {_NOTES[kind]}" for kind in _NOTES if kind in kinds - noted]
        noted |= kinds
        result = names.assign(node)
        if after:
            lines += [f"attention = {layer}", f"{result} = attention({', '.join(taken)})", *after]
        else:
            lines.append(f"{result} = {layer}({', '.join(taken)})")
    lines.append(f"{name} = {call('keras.Model', Code('inputs'), Code(names.of(model.outputs[0])))}")
    return "\n".join(lines)


class Names:
    """Names the tensors between layers: x, and more letters where the graph branches.

    Args:
        nodes: of the model, in order.
        model: the model.
    """

    def __init__(self, nodes: list, model: Any):
        self._names = {id(model.inputs[0]): "inputs"}
        self._last_use = {id(t): place for place, node in enumerate(nodes) for t in node.input_tensors}
        self._last_use[id(model.outputs[0])] = len(nodes)
        self._places = {id(node): place for place, node in enumerate(nodes)}

    def of(self, argument: Any) -> str:
        """Returns a layer's argument as source: a tensor or a list of tensors."""
        if isinstance(argument, list | tuple):
            return f"[{', '.join(map(self.of, argument))}]"
        if id(argument) not in self._names:
            raise refusal("its model passes values between layers that are no tensors")
        return self._names[id(argument)]

    def assign(self, node: Any) -> str:
        """Returns the name of a node's output: that of an input which is not needed any more, else a new one."""
        place = self._places[id(node)]
        held = {name for key, name in self._names.items() if self._last_use.get(key, -1) > place}
        self._names[id(node.outputs[0])] = name = next((name for name in _NAMES if name not in held), f"x{place}")
        return name


def write_layer(layer: Any, seed_stream: Sequence[int]) -> tuple[Code, list[str]]:
    """Returns the call that makes a layer, and the lines that set its initial weights where initializers do not."""
    import keras

    if not isinstance(layer, keras.layers.Layer):
        raise refusal(f"its model has an operation between layers, {type(layer).__name__}")
    if isinstance(layer, keras.layers.Bidirectional):
        halves = [write_object(half, "layers") for half in (layer.forward_layer, layer.backward_layer)]
        return call("keras.layers.Bidirectional", halves[0], backward_layer=halves[1]), []
    if isinstance(layer, keras.layers.MultiHeadAttention):
        return write_object(layer, "layers"), list(kernel_lines(layer, seed_stream))
    if isinstance(layer, keras.layers.Rescaling) and layer.name == "positions":
        steps, units = np.shape(layer.offset)
        return call(class_name(layer, "layers"), 1.0, offset=Code(f"positions({steps}, {units})")), []
    if isinstance(layer, keras.layers.Rescaling) and layer.name == "prediction":
        options = {} if layer.dtype_policy == keras.config.dtype_policy() else {"dtype": "float32"}
        return call("keras.layers.Rescaling", Code("target_std"), offset=Code("target_mean"), **options), []
    return write_object(layer, "layers"), []


def kernel_lines(attention: Any, seed_stream: Sequence[int]) -> Iterator[str]:
    """Yields lines that draw each kernel of an attention layer with a seed of its own."""
    import keras

    kernels = [v for v in attention.trainable_variables if v.path.endswith("kernel")]
    seeds = [seed_of(kernel, seed_stream, keras.initializers.GlorotUniform) for kernel in kernels]
    yield "# Keras would draw query, key and value alike, so each kernel gets a seed of its own."
    yield 'kernels = [v for v in attention.trainable_variables if v.path.endswith("kernel")]'
    yield f"for kernel, seed in zip(kernels, {tuple(seeds)}):"
    yield "    kernel.assign(keras.initializers.GlorotUniform(seed=seed)(kernel.shape))"


def seed_of(variable: Any, seed_stream: Sequence[int], initializer: type) -> int:
    """Returns the seed that a variable's initial values were drawn with."""
    value = np.asarray(variable)
    for seed in seed_stream:
        if np.array_equal(np.asarray(initializer(seed=seed)(variable.shape)), value):
            return seed
    raise refusal("the seed of an attention layer's initial weights is not known")
