"""A model may bring what it learns well with, and what counts as its best epoch; a user's word goes first."""

import numpy as np
import pytest

from trainer import RunConfig
from trainer.config.fitting import suggested_options
from trainer.config.registry import MODELS, OPTIMIZERS
from trainer.errors import ConfigError
from trainer.runs.best_and_last import row_at
from trainer.runs.history import History


def gan(**fields):
    return RunConfig(model="gan", dataset="digits", **fields)


def test_a_gan_learns_with_the_options_of_its_paper_unless_told_otherwise():
    assert gan().optimizer_options == {"learning_rate": 0.0002, "beta_1": 0.5, "beta_2": 0.999}
    assert gan(optimizer_options={"learning_rate": 0.01}).optimizer_options["learning_rate"] == 0.01
    assert gan(optimizer_options={"learning_rate": 0.01}).optimizer_options["beta_1"] == 0.5
    assert gan(optimizer="sgd").optimizer_options == OPTIMIZERS["sgd"].parse({})
    assert RunConfig(model="cnn", dataset="digits").optimizer_options == OPTIMIZERS["adam"].parse({})
    stored = RunConfig.from_json(gan().to_json())
    assert stored == gan()


def test_every_suggestion_is_one_that_the_optimizer_takes():
    for model in MODELS.values():
        for optimizer in model.traits.optimizer_options:
            OPTIMIZERS[optimizer].parse(suggested_options(model, optimizer))


def test_the_newest_epoch_of_a_gan_is_its_best():
    config, epochs = gan(), History().epochs
    assert config.best_by == "epoch"
    assert row_at(epochs, config.best_by) == {}
    for epoch, loss in ((1, 0.5), (2, 0.9), (3, 0.7)):
        epochs.append({"epoch": np.array([epoch]), "step": np.array([epoch]), "val_loss": np.array([loss])})
        assert row_at(epochs, config.best_by)["epoch"] == epoch
    assert row_at(epochs, gan(monitor="val_loss").best_by)["epoch"] == 1


@pytest.mark.parametrize("policy", ["early_stopping", "reload_on_plateau"])
def test_what_watches_a_gan_must_say_what_it_watches(policy):
    with pytest.raises(ConfigError, match=rf"{policy} must name a monitor here.*val_generator_loss") as caught:
        gan(**{policy: {"patience": 2}})
    assert caught.value.argument == policy
    assert gan(**{policy: {"patience": 2, "monitor": "val_loss"}}).best_by == "val_loss"
    assert gan(**{policy: {"patience": 2}}, monitor="val_loss").best_by == "val_loss"


def test_other_models_are_not_watched_by_the_number_of_the_epoch():
    with pytest.raises(ConfigError, match="monitor must be one of"):
        RunConfig(model="mlp", dataset="digits", monitor="epoch")
