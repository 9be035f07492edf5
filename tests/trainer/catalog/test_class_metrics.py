"""Precision, recall and F1 of each class alone are measured at a run's end."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from trainer import RunConfig, RunStore
from trainer.config.fitting import dataset_spec
from trainer.config.registry import DATASETS, METRICS
from trainer.data.loading import load_dataset
from trainer.runs.checkpoint import newest_state
from trainer.training.learner_state import restore

NAMES = ("precision", "recall", "f1_macro")


@pytest.fixture(scope="module", autouse=True)
def engine():
    from trainer.training.engine.start_up import load_engine

    load_engine()


@pytest.mark.parametrize("name", ["moons", "digits", "multilabel"])
def test_each_class_is_measured_as_scikit_learn_does(name):
    from trainer.catalog.layers import head_for

    random = np.random.default_rng(0)
    spec = dataset_spec(name, DATASETS[name].parse({}))
    if spec.task == "multilabel":
        loss, y = "binary_crossentropy", random.integers(0, 2, (50, spec.num_classes)).astype(np.float32)
        prediction = random.uniform(size=y.shape).astype(np.float32)
        guess = prediction > 0.5
    else:
        loss, y = "sparse_categorical_crossentropy", random.integers(0, spec.num_classes - 1, 50).astype(np.int32)
        prediction = random.uniform(size=(50, spec.num_classes)).astype(np.float32)
        prediction[:, -1] = 0  # A class that is neither there nor guessed.
        guess = prediction.argmax(axis=1)
    expected = precision_recall_fscore_support(y, guess, labels=range(spec.num_classes), zero_division=0)
    seen = spec.class_names if spec.task == "multilabel" else spec.class_names[:-1]
    for metric_name, values in zip(NAMES, expected, strict=False):
        metric = METRICS[metric_name].build(spec, head_for(spec, loss))
        metric.update_state(y[:20], prediction[:20])
        metric.update_state(y[20:], prediction[20:])
        found = metric.per_class()
        assert tuple(found) == seen
        np.testing.assert_allclose(list(found.values()), values[: len(seen)], rtol=1e-5)


def test_a_run_without_a_test_split_ends_with_each_class_of_its_validation_split(tmp_path):
    from trainer.training.build import build_learner

    config = RunConfig(model="linear", dataset="iris", metrics=["accuracy", "f1_macro", "recall"], epochs=3)
    run = RunStore(tmp_path).create(config)
    run.start()
    assert run.wait(120)
    assert run.status == "completed", run.reason
    last = run.metrics["last"]
    per_class = {name: value for name, value in last.items() if name.startswith(("val_f1_", "val_recall_"))}
    per_class.pop("val_f1_macro")
    dataset = load_dataset("iris", {}, validation_split=0.2, seed=0)
    learner = build_learner(config, dataset.spec)
    _, arrays, _ = newest_state(run.path / "checkpoints")
    restore(learner, arrays)
    guess = learner.model(dataset.validation.x).numpy().argmax(axis=1)
    _, recall, f1, _ = precision_recall_fscore_support(dataset.validation.y, guess, zero_division=0)
    labels = ("setosa", "versicolor", "virginica")
    expected = {f"val_f1_{label}": value for label, value in zip(labels, f1, strict=True)}
    expected |= {f"val_recall_{label}": value for label, value in zip(labels, recall, strict=True)}
    assert per_class == pytest.approx(expected)
    assert last["val_f1_macro"] == pytest.approx(f1.mean())
    # A table of figures over the run keeps one column a metric.
    assert "val_f1_setosa" not in run.history.epochs.columns


def test_the_test_split_is_measured_by_class_too():
    from trainer.training.build import build_learner
    from trainer.training.loop import Evaluator

    config = RunConfig(model="linear", dataset="iris", metrics=["f1_macro"])
    dataset = load_dataset("iris", {}, validation_split=0.2, seed=0)
    learner = build_learner(config, dataset.spec)
    assert learner.measures_classes
    Evaluator(learner, dataset.validation)()
    by_class = learner.eval_logs_by_class()
    assert all(name.startswith("f1_") for name in by_class)
    assert learner.eval_logs()["f1_macro"] == pytest.approx(np.mean(list(by_class.values())))
    assert not build_learner(RunConfig(model="linear", dataset="iris"), dataset.spec).measures_classes
