"""Metrics over a split and of one batch against scikit-learn."""

import functools
import itertools
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from tests.references.compare import compare
from trainer import RunConfig, RunStore
from trainer.config.data_spec import DataSpec
from trainer.config.registry import METRICS

TASKS = {"two classes": 2, "classes": 5, "labels": 4}
BATCHES = (0, 7, 39, 71, 200)


@functools.cache
def sample(task, seed=0, rare=0.03):
    """Returns y and predictions; the last class or label is rare, and scores repeat."""
    random, classes, n = np.random.default_rng(seed), TASKS[task], BATCHES[-1]
    share = np.r_[np.full(classes - 1, (1 - rare) / (classes - 1)), rare]
    if task == "labels":
        y = (random.uniform(size=(n, classes)) < share).astype(np.float32)
        scores = random.uniform(size=(n, classes)) * 0.8 + 0.2 * y
        return y, np.round(scores, 2).astype(np.float32)
    y = random.choice(classes, n, p=share).astype(np.int32)
    scores = random.uniform(size=(n, classes)) + np.eye(classes)[y] * 0.7
    return y, np.round(scores / scores.sum(1, keepdims=True), 2).astype(np.float32)


def build(name, task):
    from trainer.catalog.layers import Head

    kind = "multilabel" if task == "labels" else "classification"
    spec = DataSpec(kind, (3,), BATCHES[-1], num_classes=TASKS[task])
    return METRICS[name].build(spec, Head(TASKS[task], "sigmoid" if kind == "multilabel" else "softmax"))


def guess(task, scores):
    return (scores > 0.5).astype(int) if task == "labels" else scores.argmax(axis=1)


def roc_auc(task, y, scores):
    """The mean over the columns that have both kinds; scikit-learn gives NaN or refuses where one has not."""
    truth = y if task == "labels" else np.eye(TASKS[task])[y]
    columns = [1] if task == "two classes" else range(TASKS[task])
    areas = [sk.roc_auc_score(truth[:, c], scores[:, c]) for c in columns if 0 < truth[:, c].sum() < len(truth)]
    return np.mean(areas) if areas else np.nan


RATIOS = {"precision": sk.precision_score, "recall": sk.recall_score, "f1_macro": sk.f1_score}


def ratio(name, task, y, scores, zero_division):
    with warnings.catch_warnings(action="ignore"):
        labels = range(TASKS[task]) if task == "labels" else None
        return RATIOS[name](y, guess(task, scores), labels=labels, average="macro", zero_division=zero_division)


def measured(metric, y, scores, run_as=None):
    """Returns the value over all batches and those of each batch."""
    import tensorflow as tf

    from trainer.training.learners.measures import batch_value

    def step(y, scores):
        metric.update_state(y, scores)
        return batch_value(metric, y, scores)

    step = step if run_as is None else tf.function(step, jit_compile=run_as == "XLA")
    parts = [slice(first, last) for first, last in itertools.pairwise(BATCHES)]
    values = [float(step(tf.constant(y[part]), tf.constant(scores[part]))) for part in parts]
    return float(metric.result()), values, parts


RUN_AS = [None, "graph", pytest.param("XLA", marks=pytest.mark.full)]


@pytest.mark.parametrize("run_as", RUN_AS)
@pytest.mark.parametrize("task", TASKS)
def test_auc_is_exact_over_a_split_and_in_each_batch(task, run_as):
    y, scores = sample(task)
    whole, values, parts = measured(build("auc", task), y, scores, run_as)
    compare(f"AUC of {task}", "scikit-learn", whole, roc_auc(task, y, scores))
    each = [roc_auc(task, y[part], scores[part]) for part in parts]
    compare(f"AUC of {task}, each batch", "scikit-learn", values, each)


def test_auc_is_what_scikit_learn_gives_by_default():
    random = np.random.default_rng(1)
    for task, options in (("two classes", {}), ("classes", {"multi_class": "ovr"}), ("labels", {})):
        y, scores = sample(task, rare=0.2)
        if task == "classes":
            scores = random.dirichlet(np.ones(5), len(y)).astype(np.float32)
        whole, _, _ = measured(build("auc", task), y, scores)
        given = scores[:, 1] if task == "two classes" else scores
        compare(f"AUC of {task}", "scikit-learn defaults", whole, sk.roc_auc_score(y, given, **options))


def test_auc_of_a_rare_class_and_of_one_side_alone():
    random = np.random.default_rng(2)
    y = np.r_[np.ones(3), np.zeros(197)].astype(np.int32)
    positive = np.where(y == 1, 0.004, random.uniform(0, 0.005, 200)).astype(np.float32)
    scores = np.stack([1 - positive, positive], axis=1)
    whole, values, _ = measured(build("auc", "two classes"), y, scores)
    compare("AUC of a rare class with scores below 0.005", "scikit-learn", whole, sk.roc_auc_score(y, positive))
    assert np.isnan(values[1:]).all()


@pytest.mark.parametrize("run_as", RUN_AS)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", RATIOS)
def test_ratios_are_macro_averages_and_undefined_ones_are_left_out_of_a_batch(name, task, run_as):
    y, scores = sample(task)
    whole, values, parts = measured(build(name, task), y, scores, run_as)
    compare(f"{name} of {task}", "scikit-learn", whole, ratio(name, task, y, scores, 0))
    each = [ratio(name, task, y[part], scores[part], np.nan) for part in parts]
    compare(f"{name} of {task}, each batch", "scikit-learn", values, each)


@pytest.mark.parametrize("name", RATIOS)
def test_a_split_without_anything_to_measure_has_no_ratio(name):
    y = scores = np.zeros((200, 4), np.float32)
    whole, values, _ = measured(build(name, "labels"), y, scores)
    assert np.isnan([whole, *values]).all()


def test_a_run_measures_the_auc_of_its_whole_validation_split(tmp_path):
    from trainer.runs.checkpoint import newest_state
    from trainer.training.build import build as build_plan
    from trainer.training.learner_state import restore

    config = RunConfig(model="linear", dataset="breast_cancer", metrics=["auc"], epochs=2)
    run = RunStore(tmp_path).create(config)
    run.start()
    assert run.wait(300)
    assert run.status == "completed", run.reason
    plan = build_plan(config)
    restore(plan.learner, newest_state(run.path / "checkpoints")[1])
    split = plan.dataset.validation
    expected = sk.roc_auc_score(split.y, plan.learner.model(split.x).numpy()[:, -1])
    compare("AUC of a run's validation split", "scikit-learn", run.history.epochs.rows(1, 2)["val_auc"][0], expected)
