"""Presets: each fills the form in one click."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Preset:
    """A recipe.

    Attributes:
        label: its name for people.
        help: what to expect.
        fields: of `RunConfig`; all others keep their defaults.
    """

    label: str
    help: str
    fields: dict = field(default_factory=dict)


PRESETS = (
    Preset(
        "Digits in ten seconds",
        "An MLP learns small handwritten digits: about 97 % accuracy within seconds.",
        {"dataset": "digits", "model": "mlp", "epochs": 20},
    ),
    Preset(
        "Straight line",
        "One neuron finds y = 2x + 1 from noisy points. Watch the loss fall to the level of the noise.",
        {
            "dataset": "linear",
            "model": "linear",
            "optimizer": "sgd",
            "optimizer_options": {"learning_rate": 0.05},
            "epochs": 20,
        },
    ),
    Preset(
        "Two spirals",
        "A deeper MLP separates points that no straight line can.",
        {
            "dataset": "spirals",
            "model": "mlp",
            "model_options": {"layers": 3, "units": 64, "activation": "tanh"},
            "optimizer_options": {"learning_rate": 0.005},
            "epochs": 150,
        },
    ),
    Preset(
        "MNIST with a CNN",
        "A convolutional network on 60,000 handwritten digits: about 99 % accuracy in minutes. Downloads 11 MB once.",
        {"dataset": "mnist", "model": "cnn", "epochs": 3},
    ),
    Preset(
        "New digits from a GAN",
        "A generator learns to draw new digits: readable within minutes. Downloads 11 MB once.",
        {
            "dataset": "mnist",
            "model": "gan",
            "optimizer_options": {"learning_rate": 0.0005, "beta_1": 0.5},
            "batch_size": 64,
            "epochs": 10,
        },
    ),
)
