"""The section that builds the model."""

from __future__ import annotations

import inspect
import re
from typing import Any

from trainer.catalog.models import transformer
from trainer.config.registry import MODELS
from trainer.export.code.graph import write_graph
from trainer.export.code.layers import refusal
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.templates import TEMPLATES
from trainer.export.code.writing import Code, join_blocks

#: More seeds than any model of the catalog draws.
_SEEDS = 400

HASHED_DROPOUT = '''\
class HashedDropout(keras.layers.Layer):
    """Dropout whose mask is a hash of (seed, call, position), which compiles to fast code."""

    def __init__(self, rate, seed):
        super().__init__()
        self.rate, self.seed = rate, seed

    def build(self, shape):
        self.calls = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        golden = 0x9E3779B9  # The golden ratio as a fraction of 2³²: it spreads integers evenly.
        key = self.mix(tf.cast(self.calls.value, tf.uint32) * golden + tf.constant(self.seed, tf.uint32))
        shape = tf.shape(inputs)
        place = tf.reshape(tf.cast(tf.range(tf.reduce_prod(shape)), tf.uint32), shape)
        limit = tf.constant(round(self.rate * 2**32), tf.uint32)
        is_kept = self.mix(self.mix(place * golden) ^ key) >= limit
        self.calls.assign_add(1)
        return tf.where(is_kept, inputs / (1 - self.rate), tf.zeros([], inputs.dtype))

    @staticmethod
    def mix(h):
        # The integer hash "lowbias32" (C. Wellons 2018, public domain).
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            h = (h ^ tf.bitwise.right_shift(h, tf.constant(shift, tf.uint32))) * tf.constant(factor, tf.uint32)
        return h ^ tf.bitwise.right_shift(h, tf.constant(16, tf.uint32))
'''


def write_model(subject: Subject, learner: Any) -> Section:
    """Returns the section of a model that is trained on targets, or on its own input."""
    entry = MODELS[subject.config.model]
    text = f"{entry.label}. {entry.help} Every layer draws its initial weights from its own seed, so a run repeats."
    shape = Code("x_train.shape[1:]")
    if subject.config.model in TEMPLATES:
        units = learner.model(subject_batch(subject)).shape[-1]
        code = TEMPLATES[subject.config.model](subject, units, seeds_of(subject, 2))
    elif type(learner.model).__name__ == "Functional":
        graph = write_graph(learner.model, shape, seed_stream=seeds_of(subject, _SEEDS))
        code = join_blocks([*own_classes(learner.model), graph])
    else:
        raise refusal(f"its model, {type(learner.model).__name__}, is a class of its own")
    return Section("Model", text, code)


def subject_batch(subject: Subject) -> Any:
    """Returns a batch of one example of zeros."""
    import numpy as np

    return np.zeros((1, *subject.plain_spec.input_shape), np.float32)


def seeds_of(subject: Subject, count: int) -> list[int]:
    """Returns the first seeds of the run's stream."""
    from trainer.catalog.layers import Seeds

    seeds = Seeds(subject.config.seed, subject.arithmetic)
    return [seeds() for _ in range(count)]


def own_classes(*models: Any) -> list[str]:
    """Returns the source of the classes and functions that the models need besides Keras."""
    layers = [layer for model in models for layer in model.layers]
    found = {}
    for layer in layers:
        kind = type(layer)
        if kind.__name__ == "HashedDropout":
            found[kind.__name__] = HASHED_DROPOUT.strip()
        elif kind.__module__.startswith("trainer.catalog.custom."):
            found[kind.__name__] = source_of(kind)
    if any(layer.name == "positions" for layer in layers):
        found["positions"] = source_of(transformer.positions)
    return list(found.values())


def source_of(thing: type | Any) -> str:
    """Returns the source of a class or function that needs only Keras and numpy, without this project's marks."""
    source = inspect.getsource(thing)
    source = re.sub(r"^@keras\.saving\.register_keras_serializable\(.*\)\n", "", source)
    return re.sub(r"\n    #: Whether XLA.*\n    is_dense = True\n", "", source).strip()
