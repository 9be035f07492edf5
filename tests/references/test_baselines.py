"""What always guessing the same scores, against scikit-learn's dummy estimators on the same splits."""

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.dummy import DummyClassifier, DummyRegressor

from tests.references.compare import compare
from trainer import RunConfig, RunStore
from trainer.training.baselines import has_learned
from trainer.training.build import build

REFERENCE = "scikit-learn dummy estimator"


def planned(**fields):
    plan = build(RunConfig(epochs=1, **fields))
    dataset = plan.dataset
    splits = {"": dataset.train, "val_": dataset.validation} | ({"test_": dataset.test} if dataset.test else {})
    return dataset.spec, splits


def check(spec, expected):
    assert spec.baselines.keys() == expected.keys()
    for name, value in expected.items():
        compare(f"Baseline {name.removeprefix('val_')}", REFERENCE, spec.baselines[name], value)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "binary_crossentropy"])
def test_two_classes(loss):
    names = ["accuracy", "precision", "recall", "f1_macro", "auc"]
    spec, splits = planned(model="linear", dataset="breast_cancer", loss=loss, metrics=names)
    dummy = DummyClassifier(strategy="prior").fit(splits[""].x, splits[""].y)
    expected = {}
    for prefix, split in splits.items():
        guess, shares = dummy.predict(split.x), dummy.predict_proba(split.x)
        options = {"average": "macro", "zero_division": 0}
        scores = {
            "loss": sk.log_loss(split.y, shares),
            "accuracy": sk.accuracy_score(split.y, guess),
            "precision": sk.precision_score(split.y, guess, **options),
            "recall": sk.recall_score(split.y, guess, **options),
            "f1_macro": sk.f1_score(split.y, guess, **options),
            "auc": sk.roc_auc_score(split.y, shares[:, 1]),
        }
        expected |= {prefix + name: value for name, value in scores.items()}
    check(spec, expected)


def test_classes_with_weights():
    spec, splits = planned(model="linear", dataset="wine", metrics=["accuracy"], class_weight="balanced")
    y = splits[""].y
    dummy = DummyClassifier(strategy="prior").fit(splits[""].x, y)
    weights = (len(y) / (3 * np.bincount(y)))[y]
    shares = dummy.predict_proba(splits[""].x)
    expected = {
        "loss": -np.mean(weights * np.log(shares[np.arange(len(y)), y])),
        "accuracy": dummy.score(splits[""].x, y),
        "val_loss": sk.log_loss(splits["val_"].y, dummy.predict_proba(splits["val_"].x)),
        "val_accuracy": dummy.score(splits["val_"].x, splits["val_"].y),
    }
    check(spec, expected)


def test_numbers():
    spec, splits = planned(model="linear", dataset="diabetes", metrics=["mae", "r2", "rmse"])
    dummy, std = DummyRegressor().fit(splits[""].x, splits[""].y), splits[""].y.std(dtype=np.float64)
    expected = {}
    for prefix, split in splits.items():
        guess = dummy.predict(split.x)
        scores = {
            "loss": sk.mean_squared_error(split.y, guess) / std**2,
            "mae": sk.mean_absolute_error(split.y, guess),
            "rmse": sk.root_mean_squared_error(split.y, guess),
            "r2": sk.r2_score(split.y, guess),
        }
        expected |= {prefix + name: value for name, value in scores.items()}
    check(spec, expected)


def test_labels():
    spec, splits = planned(model="linear", dataset="multilabel", metrics=["accuracy", "exact_match"])
    shares = splits[""].y.mean(axis=0)
    expected = {}
    for prefix, split in splits.items():
        guess = np.tile(shares > 0.5, (len(split), 1))
        columns = [sk.log_loss(split.y[:, c], np.full(len(split), shares[c])) for c in range(len(shares))]
        scores = {
            "loss": np.mean(columns),
            "accuracy": (guess == split.y).mean(),
            "exact_match": sk.accuracy_score(split.y, guess),
        }
        expected |= {prefix + name: value for name, value in scores.items()}
    check(spec, expected)


def test_models_without_a_target_have_none():
    assert planned(model="autoencoder", dataset="iris")[0].baselines == {}


def test_a_run_carries_its_baselines_and_tells_whether_it_learned(tmp_path):
    store, learned = RunStore(tmp_path), {}
    for rate in (1e-9, 0.01):
        config = RunConfig(
            model="linear", dataset="diabetes", epochs=20, optimizer="sgd", optimizer_options={"learning_rate": rate}
        )
        run = store.create(config)
        run.start()
        assert run.wait(300)
        assert run.status == "completed", run.reason
        baselines = RunStore(tmp_path).list()[0].spec.baselines
        assert baselines == run.spec.baselines
        learned[rate] = has_learned(run.metrics["best"], baselines)
    assert learned == {1e-9: False, 0.01: True}


def test_a_run_has_learned_where_loss_or_accuracy_beats_the_guess():
    baselines = {"loss": 0.5, "val_loss": 0.6, "val_accuracy": 0.9, "val_f1_macro": 0.4, "test_accuracy": 0.8}
    assert has_learned({"val_loss": 0.5, "val_accuracy": 0.9}, baselines) is True
    assert has_learned({"val_loss": 0.7, "val_accuracy": 0.91}, baselines) is True
    assert has_learned({"val_loss": 0.6, "val_accuracy": 0.9, "loss": 0.1, "val_f1_macro": 0.5}, baselines) is False
    assert has_learned({"val_accuracy": 0.95, "test_accuracy": 0.8}, baselines) is False
    assert has_learned({"val_loss": float("nan")}, baselines) is False
    assert has_learned({"loss": 0.4}, baselines) is True
    assert has_learned({"step": 3.0}, baselines) is None
    assert has_learned({"val_loss": 0.1}, {}) is None
