"""Histograms of each layer's weights, and of their gradients on one fixed batch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

BINS = 32
#: Values counted per layer, at most; of more, every second, third, … one is.
MOST_VALUES = 1_000_000


def histograms(learner, batch: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns counts int64 (32,) and edges float32 (33,) per layer.

    Args:
        learner: its state does not change.
        batch: x and y of some training examples, always the same.

    Returns:
        "hist/weights/<layer>" and "hist/gradients/<layer>" → counts; the same + "/edges" → edges.
    """
    gradients = {id(variable): np.asarray(value) for variable, value in learner.gradients(batch)}
    found = {}
    for name, variables in trained_layers(learner):
        weights = [np.asarray(variable.numpy(), np.float32) for variable in variables]
        slopes = [gradients[id(variable)] for variable in variables if id(variable) in gradients]
        for kind, parts in (("weights", weights), ("gradients", slopes)):
            if parts:
                key = f"hist/{kind}/{name}"
                found[key], found[f"{key}/edges"] = count(np.concatenate([part.reshape(-1) for part in parts]))
    return found


def count(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns how many values lie in each of 32 equal ranges, and the ranges' edges; infinite values are left out."""
    values = np.asarray(values[:: max(1, -(-len(values) // MOST_VALUES))], np.float64)
    counts, edges = np.histogram(values[np.isfinite(values)], BINS)
    return counts, edges.astype(np.float32)


def trained_layers(learner) -> Iterator[tuple[str, list]]:
    """Yields the name of each layer that is trained, with its variables; in a tf.Module each variable is one.

    Keras numbers layers through the whole process, so the numbers are made again, per model: "dense", "dense_1". A
    GAN's names begin with "generator/" or "discriminator/".
    """
    models = {"": learner.model}
    if hasattr(learner, "discriminator"):
        models = {"generator/": learner.generator, "discriminator/": learner.discriminator}
    for label, model in models.items():
        seen: Counter[str] = Counter()
        for part in getattr(model, "layers", None) or model.trainable_variables:
            variables = list(part.trainable_variables) if hasattr(part, "trainable_variables") else [part]
            if not variables:
                continue
            name = getattr(part, "name", "layer").split(":")[0]
            base = re.sub(r"_\d+$", "", name) if hasattr(part, "trainable_variables") else name
            seen[base] += 1
            yield f"{label}{base}" + (f"_{seen[base] - 1}" if seen[base] > 1 else ""), variables
