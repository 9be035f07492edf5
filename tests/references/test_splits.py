"""Splits, orders and class weights against scikit-learn, numpy and pandas."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight

from tests.references.compare import compare
from trainer import RunConfig
from trainer.data.loading import load_dataset


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("share", [0.2, 0.35])
def test_a_split_is_stratified_as_by_scikit_learn(seed, share):
    x, y = load_digits(return_X_y=True)
    rows = np.arange(len(y))
    kept, held_out = train_test_split(rows, test_size=round(len(y) * share), random_state=seed, stratify=y)
    ours = load_dataset("digits", {}, validation_split=share, seed=seed)
    for name, split, expected in (("Training", ours.train, kept), ("Validation", ours.validation, held_out)):
        expected, flat = np.sort(expected), split.x.reshape(len(split), -1)
        compare(f"{name} split, labels", "scikit-learn train_test_split", split.y, y[expected], 0)
        compare(f"{name} split, inputs", "scikit-learn train_test_split", flat, x[expected], 0)


def test_shares_of_classes_are_those_of_the_whole():
    ours = load_dataset("wine", {}, validation_split=0.25, seed=1)
    whole = pd.Series(np.concatenate([ours.train.y, ours.validation.y])).value_counts(normalize=True).sort_index()
    held_out = pd.Series(ours.validation.y).value_counts(normalize=True).sort_index()
    # At most one example of 45 more or less.
    compare("Shares of classes in validation", "pandas value_counts", held_out, whole, 1 / 45)


def test_an_epochs_order_is_a_permutation_of_seed_and_epoch():
    ours = load_dataset("iris", {}, validation_split=0.2, seed=0)
    orders = [ours.order(seed, epoch) for seed in (0, 1) for epoch in (1, 2)]
    for order in orders:
        compare("Order of an epoch, sorted", "numpy arange", np.sort(order), np.arange(120), 0)
    assert len({order.tobytes() for order in orders}) == 4
    expected = np.random.Generator(np.random.Philox(key=[1, 2])).permutation(120)
    compare("Order of an epoch", "numpy Philox", orders[3], expected, 0)


def test_balanced_class_weights_are_those_of_scikit_learn():
    from trainer.training.build import class_weights

    ours = load_dataset("breast_cancer", {}, validation_split=0.2, seed=0)
    config = RunConfig(model="linear", dataset="breast_cancer", class_weight="balanced")
    expected = compute_class_weight("balanced", classes=np.arange(2), y=ours.train.y)
    compare("Balanced class weights", "scikit-learn compute_class_weight", class_weights(config, ours), expected)


def test_standardization_is_that_of_the_training_split():
    from sklearn.preprocessing import StandardScaler

    ours = load_dataset("diabetes", {}, validation_split=0.2, seed=0)
    scaler = StandardScaler().fit(ours.train.x.astype(np.float64))
    compare("Mean of each feature", "scikit-learn StandardScaler", ours.spec.mean, scaler.mean_)
    compare("Variance of each feature", "scikit-learn StandardScaler", ours.spec.variance, scaler.var_)
    target = pd.Series(ours.train.y[:, 0].astype(np.float64))
    compare("Target's mean", "pandas", ours.spec.target_mean, target.mean())
    compare("Target's standard deviation", "pandas", ours.spec.target_std, target.std(ddof=0))
