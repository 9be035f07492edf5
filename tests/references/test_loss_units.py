"""What the pages say about a loss holds for the losses that training computes."""

import numpy as np
import pytest
import sklearn.metrics

from pages.ui.numbers import format_number
from pages.ui.run.units import explain_loss
from trainer import LOSSES, RunConfig
from trainer.data.loading import load_dataset


@pytest.mark.parametrize("dataset", ["iris", "digits"])
def test_equal_probabilities_give_the_cross_entropy_that_the_page_names(dataset):
    config = RunConfig(dataset=dataset, model="mlp")
    data = load_dataset(dataset, {}, validation_split=0.2, seed=0)
    y, classes = np.asarray(data.train.y), data.spec.num_classes
    guess = np.full((len(y), classes), 1 / classes, np.float32)
    reference = sklearn.metrics.log_loss(y, guess, labels=range(classes))
    assert float(LOSSES[config.loss].build(data.spec)(y, guess)) == pytest.approx(reference, rel=1e-5)
    assert format_number(reference) in explain_loss(config, data.spec)


def test_the_mean_as_prediction_gives_a_squared_error_of_one():
    config = RunConfig(dataset="diabetes", model="mlp", loss="mean_squared_error")
    data = load_dataset("diabetes", {}, validation_split=0.2, seed=0)
    y = np.asarray(data.train.y, np.float32).reshape(-1, 1)
    loss = LOSSES["mean_squared_error"].build(data.spec)
    assert float(loss(y, np.full_like(y, y.mean()))) == pytest.approx(1, rel=1e-4)
    sentence = explain_loss(config, data.spec)
    assert "1 means as far off as its mean" in sentence
    assert format_number(float(y.std())) in sentence
