"""The recipes of the table of exactness: every learner and family of models, small, with every way to update them."""

from __future__ import annotations

import itertools

from trainer import RunConfig

_DIGITS = {"dataset": "digits", "batch_size": 128}
_FEW_DIGITS = {"dataset": "digits", "batch_size": 128, "validation_split": 0.6}
_WAVES = {"dataset": "sequences", "dataset_options": {"size": 400, "steps": 8}, "batch_size": 32}

#: Each has what carries state of its own: dropout, batch norm, noise, random changes of the images.
FAMILIES: dict[str, dict] = {
    "linear": {"model": "linear", "dataset": "linear", "dataset_options": {"size": 500}},
    "linear, tf.Module": {"model": "linear_module", "dataset": "plane", "dataset_options": {"size": 500}},
    "MLP, dropout and batch norm": {
        "model": "mlp",
        "model_options": {"units": 16, "dropout": 0.2, "batch_norm": True},
        **_DIGITS,
    },
    "MLP, learned activation": {"model": "mlp", "model_options": {"units": 16, "activation": "learned"}, **_DIGITS},
    "MLP, tf.Module": {"model": "mlp_module", "model_options": {"hidden": 16}, **_DIGITS},
    "MLP, subclass": {"model": "subclassed", "model_options": {"hidden_size": 16}, **_DIGITS},
    "MLP, class weights": {
        "model": "mlp",
        "model_options": {"units": 8, "dropout": 0.1},
        "dataset": "breast_cancer",
        "class_weight": "balanced",
    },
    "MLP, several labels": {"model": "mlp", "dataset": "multilabel", "dataset_options": {"size": 500}},
    "CNN": {"model": "cnn", "model_options": {"filters": 4, "blocks": 1, "dropout": 0.2}, **_DIGITS},
    "CNN, augmentation": {
        "model": "cnn",
        "model_options": {"filters": 4, "blocks": 1},
        "augmentation": {"rotate": 10.0, "shift": 0.1, "zoom": 0.1, "contrast": 0.1, "noise": 0.1},
        **_FEW_DIGITS,
    },
    "RNN, LSTM": {"model": "rnn", "model_options": {"cell": "lstm", "units": 4, "dropout": 0.2}, **_WAVES},
    "RNN, GRU": {"model": "rnn", "model_options": {"cell": "gru", "units": 4, "layers": 2, "dropout": 0.2}, **_WAVES},
    "transformer": {
        "model": "transformer",
        "model_options": {"layers": 1, "units": 8, "heads": 2, "dropout": 0.1},
        **_FEW_DIGITS,
    },
    "autoencoder, dense": {"model": "autoencoder", "model_options": {"units": 16, "latent": 4}, **_DIGITS},
    "autoencoder, conv": {
        "model": "autoencoder",
        "model_options": {"architecture": "conv", "filters": 4, "latent": 4},
        **_FEW_DIGITS,
    },
    "GAN, dense": {
        "model": "gan",
        "model_options": {"architecture": "dense", "units": 8, "latent": 4, "dropout": 0.1},
        **_FEW_DIGITS,
    },
    "GAN, conv": {
        "model": "gan",
        "model_options": {"architecture": "conv", "filters": 4, "latent": 4},
        **_FEW_DIGITS,
    },
}
_UPDATES: dict[str, dict] = {
    "Adam": {"optimizer": "adam"},
    "SGD, momentum": {"optimizer": "sgd", "optimizer_options": {"learning_rate": 0.01, "momentum": 0.9}},
    "AdamW, EMA": {"optimizer": "adamw", "ema_momentum": 0.9},
}
_SCHEDULES: dict[str, dict] = {"constant": {}, "cosine": {"schedule": "cosine", "schedule_options": {"warmup": 0.2}}}

#: Every optimizer with every schedule.
UPDATES: dict[str, dict] = {
    f"{update}, {schedule}": _UPDATES[update] | _SCHEDULES[schedule]
    for update, schedule in itertools.product(_UPDATES, _SCHEDULES)
}


def recipe_of(family: str, update: str) -> RunConfig:
    """Returns a family's recipe with an optimizer and a schedule: some hundred steps, saved often."""
    common = {"epochs": 12, "checkpoint_seconds": 1, "checkpoint_epochs": 2, "seed": 5}
    return RunConfig(**common | FAMILIES[family] | UPDATES[update])
