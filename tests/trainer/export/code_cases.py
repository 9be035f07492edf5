"""The recipes whose programs are executed: every model that is trained on targets, every kind of data, every option."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

#: Names that would end a string, a comment or a template, if they were not escaped.
HOSTILE = {
    "number": '"""\nimport os; os.abort() #',
    "money": "price {0} \\ {x!r} 'a'",
    "category": "naïve 🦜 \u2028 line",
    "target": 'target\'""" {} \\',
}
NAME = "data {0} 'it\"s' #🦜.csv"
CLASSES = ('yes"""', "no\\'\n# {}")
VALUES = ("red'", 'g"""reen', "blue\\")

#: About 110 steps each. Batches that fill an epoch evenly compile once; some cases have a
#: smaller last batch. `test_code_parts.py` compares metrics, optimizers and schedules one by one.
CASES: dict[str, dict] = {
    "linear module, accumulated gradients, step schedule": {
        "model": "linear_module",
        "dataset": "plane",
        "dataset_options": {"size": 500},
        "gradient_accumulation_steps": 3,
        "schedule": "step",
        "schedule_options": {"every": 3},
        "epochs": 9,
    },
    "MLP, learned activation, dropout, batch norm, class weights": {
        "model": "mlp",
        "model_options": {"units": 8, "layers": 1, "activation": "learned", "dropout": 0.2, "batch_norm": True},
        "dataset": "breast_cancer",
        "batch_size": 35,
        "class_weight": "balanced",
        "epochs": 8,
    },
    "subclass, regression, clipped, L1 and L2": {
        "model": "subclassed",
        "model_options": {"hidden_size": 8},
        "dataset": "diabetes",
        "optimizer": "sgd",
        "optimizer_options": {"learning_rate": 0.02, "momentum": 0.9},
        "loss": "huber",
        "metrics": ["mae"],
        "clip_norm": 0.5,
        "clip_value": 0.3,
        "l1": 0.001,
        "l2": 0.01,
        "epochs": 10,
    },
    "LSTM in both directions, one cycle, no validation": {
        "model": "rnn",
        "model_options": {"units": 4, "bidirectional": True, "dropout": 0.2},
        "dataset": "sequences",
        "dataset_options": {"size": 320, "steps": 8},
        "batch_size": 16,
        "validation_split": 0.0,
        "schedule": "one_cycle",
        "epochs": 6,
    },
    "transformer, dropout": {
        "model": "transformer",
        "model_options": {"layers": 1, "units": 8, "heads": 2, "dropout": 0.1},
        "dataset": "sequences",
        "dataset_options": {"size": 400, "steps": 8},
        "batch_size": 16,
        "epochs": 6,
    },
    "linear, several labels, early stopping, reload on plateau": {
        "model": "linear",
        "dataset": "multilabel",
        "dataset_options": {"size": 200},
        "optimizer_options": {"learning_rate": 0.05},
        "reload_on_plateau": {"patience": 2},
        "early_stopping": {"patience": 5, "monitor": "accuracy"},
        "schedule": "exponential",
        "epochs": 25,
    },
    "autoencoder": {
        "model": "autoencoder",
        "model_options": {"units": 8, "latent": 2},
        "dataset": "iris",
        "batch_size": 20,
        "epochs": 18,
    },
    "GAN": {
        "model": "gan",
        "model_options": {"architecture": "dense", "units": 8, "latent": 5, "dropout": 0.1},
        "dataset": "digits",
        "validation_split": 0.6,
        "batch_size": 32,
        "l2": 0.0001,
        "epochs": 2,
    },
}


def file_cases(folder: Path) -> dict[str, dict]:
    """Writes a table, arrays and a zip of images, and returns a recipe for each."""
    write_table(folder / NAME)
    random = np.random.default_rng(0)
    kinds = np.arange(240) % 3
    np.savez(
        folder / "data.npz", x=kinds[:, None] + random.normal(size=(240, 4)), y=np.array(["a", 'b"', "c\\"])[kinds]
    )
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for place in range(60):
            pixels = random.integers(0, 120, (8, 8), np.uint8) + np.uint8(100 * (place % 2))
            content = io.BytesIO()
            Image.fromarray(pixels).save(content, "PNG")
            archive.writestr(f"pictures/{('dark', 'light')[place % 2]}/{place}.png", content.getvalue())
    return {
        "table, regression, averaged weights": {
            "model": "mlp",
            "model_options": {"units": 8, "layers": 1},
            "dataset": "csv",
            "dataset_options": {"path": str(folder / NAME), "target": HOSTILE["money"], "task": "regression"},
            "optimizer": "adamw",
            "ema_momentum": 0.9,
            "epochs": 14,
        },
        "MLP module, arrays, label smoothing": {
            "model": "mlp_module",
            "model_options": {"hidden": 8},
            "dataset": "npz",
            "dataset_options": {"path": str(folder / "data.npz")},
            "loss": "categorical_crossentropy",
            "loss_options": {"label_smoothing": 0.1},
            "class_weight": [1.0, 2.0, 0.5],
            "epochs": 17,
        },
        "CNN, zip of images, augmentation": {
            "model": "cnn",
            "model_options": {"filters": 4, "blocks": 1, "dropout": 0.2},
            "dataset": "images",
            "dataset_options": {"path": str(folder / "images.zip")},
            "augmentation": {
                "flip": True, "rotate": 10.0, "shift": 0.1, "zoom": 0.1, "contrast": 0.1, "noise": 0.1,
            },
            "batch_size": 4,
            "epochs": 9,
        },
    }  # fmt: skip


#: The names of `file_cases`.
FILES = (
    "table, regression, averaged weights",
    "MLP module, arrays, label smoothing",
    "CNN, zip of images, augmentation",
)


def write_table(path: Path, rows: int = 300, separator: str = ",") -> Path:
    """Writes a table of numbers and categories, some of them missing, with hostile names."""
    random = np.random.default_rng(1)
    numbers = random.normal(50, 20, (rows, 2)).round(2)
    pairs = zip(numbers, random.integers(0, 3, rows), random.uniform(size=rows), strict=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow([*HOSTILE.values()])
        for (first, second), kind, chance in pairs:
            target = CLASSES[int(first + 10 * kind > 60)]
            colour = "NA" if chance < 0.1 else VALUES[kind]
            writer.writerow(["" if chance > 0.9 else first, f"${second * 100:,.2f}", colour, target])
    return path
