"""Every optimizer, loss and schedule that is offered together makes a finite step and changes the weights."""

import functools
import itertools

import numpy as np
import pytest

from trainer.catalog.schedules.plan import Plan
from trainer.config.fitting import offered
from trainer.config.registry import LOSSES, OPTIMIZERS, SCHEDULES
from trainer.config.run_config import RunConfig
from trainer.data.loading import load_dataset

#: One data set of each task, with the model of that task that is quickest to build.
TASKS = {
    "two classes": ("linear", "moons"),
    "classes": ("linear", "iris"),
    "numbers": ("linear", "linear"),
    "labels": ("linear", "multilabel"),
    "reconstruction of pixels": ("autoencoder", "digits"),
    "reconstruction": ("autoencoder", "iris"),
    "generation": ("gan", "digits"),
}
SMALL = {
    "autoencoder": {"units": 2, "latent": 1},
    "gan": {"architecture": "dense", "units": 2, "latent": 1},
}
LOSSES_OF = [
    (task, loss)
    for task, (model, dataset) in TASKS.items()
    for loss in offered(LOSSES, RunConfig(model=model, dataset=dataset).goal)
]


@pytest.fixture(scope="module", autouse=True)
def engine():
    from trainer.training.engine.start_up import load_engine

    load_engine()


@functools.cache
def loaded(name):
    """Returns a data set, read once."""
    return load_dataset(name, {}, validation_split=0.2, seed=0)


def test_every_loss_is_offered_for_some_task():
    assert {loss for _, loss in LOSSES_OF} == set(LOSSES)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("task", "loss"), LOSSES_OF)
def test_every_optimizer_loss_and_schedule_step_together(task, loss, optimizer):
    """All schedules with the linear model; with the slower ones one schedule, another for each optimizer."""
    import tensorflow as tf

    from trainer.training.build import build_learner
    from trainer.training.learner_state import digest_of, state_arrays

    model, name = TASKS[task]
    dataset = loaded(name)
    batch = tf.constant(dataset.train.x[:8]), tf.constant(dataset.train.y[:8])
    fields = {"model": model, "dataset": name, "model_options": SMALL.get(model, {}), "optimizer": optimizer}
    config = RunConfig(**fields, loss=loss)
    learner = build_learner(config, dataset.spec)
    rate = config.optimizer_options["learning_rate"]
    schedules = [None, *SCHEDULES]
    if model != "linear":
        schedules = [schedules[list(OPTIMIZERS).index(optimizer) % len(schedules)]]
    for schedule in schedules:
        if schedule:
            assert RunConfig(**fields, loss=loss, schedule=schedule).schedule == schedule
            for its_optimizer, _ in learner.optimizers():
                its_optimizer.learning_rate = SCHEDULES[schedule].build(Plan(rate, 10, 40))
        before = digest_of(state_arrays(learner.snapshot()))
        logs = learner.train_step(batch, tf.constant(1, tf.int64))
        for key, value in logs.items():
            assert np.isfinite(value) or (key == "grad_norm" and learner.grad_norm_stride > 1), (schedule, key)
        assert 0 <= float(logs["learning_rate"]) <= rate * (1 + 1e-6)
        assert all(np.isfinite(v).all() for v in state_arrays(learner.snapshot()).values()), schedule
        assert digest_of(state_arrays(learner.snapshot())) != before, schedule


@pytest.mark.parametrize(("optimizer", "schedule"), itertools.product(OPTIMIZERS, [None, *SCHEDULES]))
def test_every_optimizer_follows_every_schedule_in_a_compiled_function(optimizer, schedule):
    import keras
    import tensorflow as tf

    from trainer.training.optimization import make_optimizer

    config = RunConfig(model="linear", dataset="linear", optimizer=optimizer, schedule=schedule, epochs=4)
    made = make_optimizer(config, config.spec)
    variable = keras.Variable([1.0, -1.0])
    made.build([variable])

    @tf.function(autograph=False)
    def step():
        rate = tf.convert_to_tensor(made.learning_rate)
        made.apply([keras.ops.convert_to_tensor([0.5, -0.5])], [variable])
        return rate

    rates = [float(step()) for _ in range(4 * config.count_steps(config.spec))]
    highest = config.optimizer_options["learning_rate"]
    assert np.isfinite(np.array(variable)).all()
    assert max(rates) <= highest * (1 + 1e-6)
    assert min(rates) >= 0
    # It reaches the rate that was asked for, and all but the constant one move.
    assert max(rates) == pytest.approx(highest, rel=0.05)
    assert (len(set(rates)) > 1) == (schedule not in (None, "step"))
