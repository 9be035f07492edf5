"""What a sweep file may hold; everything else is one sentence before anything starts."""

from __future__ import annotations

import pytest

from trainer import RunConfig
from trainer.errors import ConfigError
from trainer.sweeps.space import is_allowed, suggested
from trainer.sweeps.spec import SweepSpec
from trainer.sweeps.variables import list_variables

BASE = {"model": "mlp", "dataset": "digits", "epochs": 2}


def test_short_names_and_defaults_are_filled_in_and_stored_whole():
    spec = SweepSpec(config=BASE, space={"learning_rate": {}, "units": {"low": 16, "high": 64}, "batch_norm": {}})
    assert (spec.runs, spec.metric, spec.is_maximized, spec.base.best_by) == (20, "val_accuracy", True, "val_accuracy")
    assert list(spec.space) == ["optimizer_options.learning_rate", "model_options.units", "model_options.batch_norm"]
    assert spec.space["optimizer_options.learning_rate"] == {"low": 1e-4, "high": 1e-2, "log": True, "points": 5}
    assert spec.space["model_options.batch_norm"] == [False, True]
    assert SweepSpec(**spec.to_json()) == spec
    values = {"optimizer_options.learning_rate": 0.002, "model_options.units": 20, "model_options.batch_norm": True}
    config = spec.configure(values)
    assert (config.optimizer_options["learning_rate"], config.model_options["units"]) == (0.002, 20)


def test_options_of_another_optimizer_take_its_defaults():
    config = BASE | {"optimizer": "adam", "optimizer_options": {"beta_1": 0.5}}
    spec = SweepSpec(config=config, space={"optimizer": ["adam", "sgd"], "learning_rate": [0.01]}, sampler="grid")
    rate = {"optimizer_options.learning_rate": 0.01}
    assert spec.configure({"optimizer": "adam"} | rate).optimizer_options["beta_1"] == 0.5
    assert "beta_1" not in spec.configure({"optimizer": "sgd"} | rate).optimizer_options
    assert spec.runs == 2


@pytest.mark.parametrize("model", ["mlp", "cnn", "rnn", "transformer", "autoencoder"])
def test_every_suggested_range_is_allowed(model):
    base = RunConfig(model=model, dataset="digits")
    for variable in list_variables(base):
        if variable.option.kind in ("int", "float"):
            low, high, is_log = suggested(variable, base)
            assert low < high, variable.path
            assert is_allowed(variable, low), variable.path
            assert is_allowed(variable, high), variable.path
            assert low > 0 or not is_log


GRID = {"learning_rate": {"points": 100}, "dropout": {"points": 100}}
REFUSED = {
    "an empty space": ({"space": {}}, "at least one option"),
    "a range outside the bounds": ({"space": {"learning_rate": {"low": 1, "high": 1000}}}, "Narrow the range"),
    "a range outside the data": ({"space": {"batch_size": {"low": 8, "high": 9000}}}, "number of training examples"),
    "a range upside down": ({"space": {"units": {"low": 64, "high": 16}}}, "low must be smaller than high"),
    "a broken log scale": ({"space": {"dropout": {"low": 0, "high": 0.5, "log": True}}}, "must be above 0"),
    "a fraction of a layer": ({"space": {"layers": {"low": 1.5, "high": 3}}}, "whole numbers"),
    "text": ({"space": {"units": "many"}}, "a list of values, or a range"),
    "a choice that does not exist": ({"space": {"activation": ["relu", "step"]}}, "Received: 'step'"),
    "a choice twice": ({"space": {"units": [16, 16]}}, "each value once"),
    "an option twice": ({"space": {"units": {}, "model_options.units": {}}}, "each option once"),
    "an unknown option": ({"space": {"unit": {}}}, "'unit' cannot be varied here"),
    "an option of one optimizer": ({"space": {"optimizer": ["adam", "sgd"], "beta_1": {}}}, "'beta_1'"),
    "the data set": ({"space": {"dataset": ["iris"]}}, "could not be compared"),
    "a metric that is not measured": ({"space": {"units": {}}, "metric": "val_auc"}, "must be one that the runs"),
    "losses that differ": ({"space": {"loss": {}}, "metric": "val_loss"}, "different losses"),
    "10,000 grid points": ({"space": GRID, "sampler": "grid"}, "at most 1,000 points. Received: 10,000"),
    "no runs": ({"space": {"units": {}}, "runs": 0}, "between 1 and 1,000"),
    "an unknown sampler": ({"space": {"units": {}}, "sampler": "cma"}, "one of tpe, random, grid"),
    "an unknown field": ({"space": {"units": {}}, "trials": 3}, "'trials' is not an option of the sweep"),
    "no space": ({}, "space (sweep) is missing"),
    "a broken recipe": ({"config": {"model": "mlp"}, "space": {"units": {}}}, "dataset is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_sentence(name):
    fields, expected = REFUSED[name]
    with pytest.raises(ConfigError) as error:
        SweepSpec(**{"config": BASE} | fields)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
