"""Runs that the tests of the analysis share: one small model of each family, trained for a moment."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trainer.watching import finish
from trainer import RunConfig, RunStore

_DIGITS = {"dataset": "digits", "batch_size": 256, "validation_split": 0.5}


def write_table(path) -> None:
    """Writes a table of three classes with missing values and a category."""
    random = np.random.default_rng(3)
    lines = ["length,width,colour,kind"]
    for row in range(240):
        kind = row % 3
        length = f"{random.normal(kind, 0.8):.2f}" if row % 17 else ""
        lines.append(
            f"{length},{random.normal(kind % 2, 0.7):.2f},{['red', 'blue', 'green'][row * 7 % 3]},{'ABC'[kind]}"
        )
    path.write_text("\n".join(lines))


@pytest.fixture(scope="session")
def trained_runs(tmp_path_factory):
    """Returns a function: name of a family → its finished run, trained once."""
    folder = tmp_path_factory.mktemp("families")
    write_table(folder / "table.csv")
    store, made = RunStore(folder / "runs"), {}
    families = {
        "cnn": {"model": "cnn", "model_options": {"filters": 4, "blocks": 1}, **_DIGITS},
        "one column": {"model": "mlp", "model_options": {"units": 4}, "dataset": "breast_cancer",
                       "loss": "binary_crossentropy"},
        "table": {"model": "mlp", "model_options": {"units": 8}, "dataset": "csv",
                  "dataset_options": {"path": str(folder / "table.csv"), "target": "kind"}},
        "regression": {"model": "linear", "dataset": "diabetes"},
        "several labels": {"model": "mlp", "model_options": {"units": 8}, "dataset": "multilabel",
                           "dataset_options": {"size": 300}},
        "autoencoder": {"model": "autoencoder", "model_options": {"units": 8, "latent": 4}, **_DIGITS},
        "sequences": {"model": "rnn", "model_options": {"units": 4}, "dataset": "sequences",
                      "dataset_options": {"size": 200, "steps": 8}},
        "tf.Module": {"model": "mlp_module", "model_options": {"hidden": 8}, **_DIGITS},
    }  # fmt: skip

    def get(name: str):
        if name not in made:
            run = made[name] = store.create(RunConfig(**{"epochs": 2} | families[name]))
            run.start()
            assert finish(run).status == "completed", run.reason
        return made[name]

    yield get
    assert store.close(timeout=60)
