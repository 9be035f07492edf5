"""Losses, metrics, optimizers and schedules of a program give the numbers of the run's own."""

import dataclasses

import numpy as np
import pytest

from trainer import RunConfig
from trainer.config.fitting import dataset_spec, offered, seen_by
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS, OPTIMIZERS, SCHEDULES
from trainer.export.code.measures import LOSS_CLASSES, METRIC_NAMES, measuring, write_measures
from trainer.export.code.optimizer import KNOWN_SCHEDULES, write_optimizer
from trainer.export.code.subject import Subject
from trainer.export.code.writing import indent
from trainer.training.sessions.commands import Scheduled, SetEpochs, SetLearningRate

OPTIONS = {
    "sgd": {"momentum": 0.9, "nesterov": True},
    "adam": {"beta_1": 0.5},
    "adamw": {"weight_decay": 0.1},
    "lion": {"weight_decay": 0.1},
    "rmsprop": {"momentum": 0.5},
}
LOSS_OPTIONS = {"huber": {"delta": 0.5}} | {
    name: {"label_smoothing": 0.1} for name in ("categorical_crossentropy", "binary_crossentropy")
}
GOALS = (
    ("linear", "iris"),
    ("linear", "digits"),
    ("linear", "moons"),
    ("linear", "multilabel"),
    ("linear", "diabetes"),
    ("autoencoder", "digits"),
)


def spec_of(dataset: str):
    """Returns the spec of a data set with its default options."""
    return dataset_spec(dataset, DATASETS[dataset].parse({}))


PAIRS = [
    (model, dataset, loss)
    for model, dataset in GOALS
    for loss in offered(LOSSES, seen_by(MODELS[model], spec_of(dataset)))
    if loss in LOSS_CLASSES
]


@pytest.mark.parametrize(("model", "dataset", "loss"), PAIRS)
def test_losses_and_metrics_are_those_of_the_run(model, dataset, loss):
    import keras
    import tensorflow as tf

    from trainer.catalog.layers import head_for

    spec = spec_of(dataset)
    if spec.task == "regression":
        spec = dataclasses.replace(spec, target_std=77.0, target_mean=150.0)
    goal = seen_by(MODELS[model], spec)
    metrics = [name for name in offered(METRICS, goal) if name in METRIC_NAMES]
    options = LOSS_OPTIONS.get(loss, {})
    config = RunConfig(model=model, dataset=dataset, loss=loss, loss_options=options, metrics=metrics)
    subject, head, random = Subject("a run", config, spec), head_for(goal, loss), np.random.default_rng(0)
    shape = (60, head.units) if goal.task != "reconstruction" else (60, *spec.input_shape)
    prediction = random.uniform(0.01, 0.99, shape).astype(np.float32)
    if head.activation == "softmax":
        prediction /= prediction.sum(axis=1, keepdims=True)
    if goal.task == "regression":
        prediction = 100 * prediction + 100
    y = {
        "classification": lambda: np.arange(60) % (spec.num_classes or 1),
        "multilabel": lambda: random.integers(0, 2, shape).astype(np.float32),
        "regression": lambda: random.normal(150, 77, shape).astype(np.float32),
        "reconstruction": lambda: random.uniform(size=shape).astype(np.float32),
    }[goal.task]()
    section = write_measures(subject)
    names = {"np": np, "keras": keras, "tf": tf, "target_std": spec.target_std, "y_train": y}
    code = [*section.imports, section.code, f"def measure(y, prediction):\n{indent(measuring(subject))}"]
    exec("\n".join(code), names)
    found = names["measure"](y, prediction)
    wanted = {"loss": LOSSES[loss].build(goal, **config.loss_options)(y, prediction)}
    for name in metrics:
        metric = METRICS[name].build(goal, head)
        metric.update_state(tf.constant(y), tf.constant(prediction))
        wanted[name] = metric.result()
    assert found == {name: pytest.approx(float(value), rel=1e-5, abs=1e-6) for name, value in wanted.items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("has_average", [False, True])
def test_an_optimizer_has_all_its_settings(name, has_average):
    import keras

    options = {"learning_rate": 0.03} | OPTIONS.get(name, {})
    momentum = 0.95 if has_average else None
    config = RunConfig(model="linear", dataset="iris", optimizer=name, optimizer_options=options, ema_momentum=momentum)
    names = {"keras": keras}
    exec(write_optimizer(Subject("a run", config, spec_of("iris"))).code, names)
    wanted = OPTIMIZERS[name].build(**config.optimizer_options).get_config()
    wanted |= {"use_ema": True, "ema_momentum": 0.95} if has_average else {}
    assert names["optimizer"].get_config() | {"name": name} == wanted | {"name": name}


@pytest.mark.parametrize("schedule", [None, *KNOWN_SCHEDULES])
def test_the_learning_rate_follows_the_schedule_and_the_commands(schedule):
    import keras

    from trainer.catalog.schedules.plan import Plan

    config = RunConfig(model="linear", dataset="iris", schedule=schedule, epochs=4, batch_size=10)
    settings = (Scheduled(7, SetLearningRate(learning_rate=0.5)), Scheduled(20, SetEpochs(epochs=6)))
    names = {"keras": keras}
    subject = Subject("a run", config, spec_of("iris"), settings)
    exec(write_optimizer(subject).code, names)
    assert subject.epochs == 6
    for step in range(72):
        rate, epochs = (0.5 if step >= 7 else 0.001), (6 if step >= 20 else 4)
        if schedule:
            made = SCHEDULES[schedule].build(Plan(rate, 12, 12 * epochs), **config.schedule_options)
            rate = float(made(step))
        assert names["learning_rate"](step) == pytest.approx(rate, rel=1e-5, abs=1e-9)
