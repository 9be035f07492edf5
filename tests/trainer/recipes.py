"""Small configurations that tests train."""

from __future__ import annotations

from typing import Any

from trainer import RunConfig


def line(**fields: Any) -> RunConfig:
    """Returns a linear model on a straight line: the quickest there is."""
    return RunConfig(
        **{"model": "linear", "dataset": "linear", "dataset_options": {"size": 200}, "epochs": 3, "batch_size": 20}
        | fields
    )


def digits(**fields: Any) -> RunConfig:
    """Returns a small MLP with dropout and batch norm on the digits; XLA stays out of it."""
    options = {"units": 16, "layers": 1, "dropout": 0.2, "batch_norm": True}
    return RunConfig(**{"model": "mlp", "dataset": "digits", "model_options": options, "epochs": 3} | fields)


#: So many epochs that a test has time to interfere.
ENDLESS = 100_000
