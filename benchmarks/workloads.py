"""The four workloads: small models of the catalog, batch size 32, Adam."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BATCH_SIZE = 32


@dataclass(frozen=True)
class Workload:
    """One recipe, and the same model elsewhere.

    Attributes:
        name: as in the table.
        fields: of its `RunConfig`.
        torch_model: returns the same as a torch module, of scaled float32 input.
        widths: of the dense layers, for JAX; empty: the model has other layers.
        fit_budget: the least ratio of a whole run over Keras fit.
        jax_budget: the least ratio of a chunk over JAX; None: not compared.
    """

    name: str
    fields: dict
    torch_model: Callable
    fit_budget: float
    widths: tuple[int, ...] = ()
    jax_budget: float | None = None

    @property
    def dropout(self) -> float:
        """The fraction dropped after each hidden layer."""
        return self.fields.get("model_options", {}).get("dropout", 0.0)

    def config(self):
        """Returns the recipe: all examples are trained on, for longer than anyone measures."""
        from trainer import RunConfig

        return RunConfig(**self.fields, batch_size=BATCH_SIZE, epochs=10**6, validation_split=0.0)

    def is_available(self) -> bool:
        """Returns whether its data is there."""
        return self.fields["dataset"] != "mnist" or offer_mnist()


def offer_mnist() -> bool:
    """Has Keras find MNIST in TRAINDECK_DATA, here and in child processes; call it before Keras is imported.

    Returns:
        Whether the file is there.
    """
    path = Path(os.environ.get("TRAINDECK_DATA") or "../shared/data") / "mnist.npz"
    if not path.exists():
        return False
    home = Path(tempfile.gettempdir()) / "traindeck-benchmark-keras"
    (home / "datasets").mkdir(parents=True, exist_ok=True)
    link = home / "datasets" / "mnist.npz"
    if not link.exists():
        link.symlink_to(path.resolve())
    os.environ["KERAS_HOME"] = str(home)
    return True


def _torch_dense(*widths: int, dropout: float = 0.0) -> Callable:
    def model():
        from torch import nn

        stack, width = [nn.Flatten()], widths[0]
        for following in widths[1:-1]:
            stack += [nn.Linear(width, following), nn.ReLU()] + ([nn.Dropout(dropout)] if dropout else [])
            width = following
        return nn.Sequential(*stack, nn.Linear(width, widths[-1]))

    return model


def _torch_conv():
    from torch import nn

    stack, channels = [], 1
    for filters in (32, 64, 128):
        stack += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*stack, nn.Flatten(), nn.Linear(128 * 9, 128), nn.ReLU(), nn.Linear(128, 10))


WORKLOADS = (
    Workload(
        "linear 1-1",
        {"model": "linear", "dataset": "linear", "dataset_options": {"size": 16_000}},
        _torch_dense(1, 1),
        fit_budget=20,
    ),
    Workload(
        "MLP 784-128-10",
        {"model": "mlp", "model_options": {"layers": 1, "units": 128}, "dataset": "mnist"},
        _torch_dense(784, 128, 10),
        fit_budget=7,
        widths=(784, 128, 10),
        jax_budget=0.95,
    ),
    Workload(
        "MLP 784-192-192-10, dropout 0.2",
        {"model": "mlp", "model_options": {"layers": 2, "units": 192, "dropout": 0.2}, "dataset": "mnist"},
        _torch_dense(784, 192, 192, 10, dropout=0.2),
        fit_budget=4.5,
        widths=(784, 192, 192, 10),
        jax_budget=1.1,
    ),
    Workload(
        "CNN 32-64-128, dense 128",
        {"model": "cnn", "model_options": {"filters": 32, "blocks": 3}, "dataset": "mnist"},
        _torch_conv,
        fit_budget=1.15,
    ),
)
TORCH_BUDGET = 1.2
