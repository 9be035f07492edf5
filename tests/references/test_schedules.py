"""Learning-rate schedules against their formulas in numpy, in plain Python and in a compiled function."""

import numpy as np
import pytest

from tests.references.compare import compare
from trainer.catalog.schedules.plan import Plan
from trainer.config.registry import SCHEDULES

PLAN = Plan(learning_rate=0.01, steps_per_epoch=7, total_steps=700)
STEPS = np.arange(PLAN.total_steps)


def cosine(steps, total, final=0.0):
    share = np.minimum(steps / total, 1)
    return final + (1 - final) * 0.5 * (1 + np.cos(np.pi * share))


def after_warmup(rising, final):
    rise, fall = STEPS / rising, cosine(STEPS - rising, PLAN.total_steps - rising, final)
    return np.where(np.less(STEPS, rising), rise, fall)


FORMULAS = {
    "step": ({"every": 3, "factor": 0.9}, 0.9 ** (STEPS // 21)),
    "exponential": ({"factor": 0.9}, 0.9 ** (STEPS / 7)),
    "cosine": ({"warmup": 0.2, "final": 0.1}, after_warmup(140, 0.1)),
    "warmup": ({"epochs": 10.0}, np.minimum(STEPS / 70, 1)),
    "one_cycle": ({"rise": 0.3}, after_warmup(210, 0.001)),
}


@pytest.mark.parametrize("jit_compile", [None, False, True], ids=["plain", "graph", "XLA"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_follows_its_formula(name, jit_compile):
    import tensorflow as tf

    options, expected = FORMULAS[name]
    schedule = SCHEDULES[name].build(PLAN, **SCHEDULES[name].parse(options))
    rate = schedule if jit_compile is None else tf.function(schedule, jit_compile=jit_compile)
    ours = [float(rate(tf.constant(step, tf.int64))) for step in STEPS]
    compare(f"Schedule {name}", "numpy", np.array(ours) / PLAN.learning_rate, expected)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "XLA"])
def test_step_drops_exactly_at_the_first_step_of_an_epoch(jit_compile):
    import tensorflow as tf

    epochs = np.repeat(np.arange(1, 21), 2)
    for every in (3, 7, 41, 47, 49, 55, 61, 82, 94, 98, 1437):
        schedule = SCHEDULES["step"].build(Plan(1.0, every, 10**6), every=1, factor=0.5)
        rates = tf.function(lambda steps, of=schedule: tf.map_fn(of, steps, tf.float32), jit_compile=jit_compile)
        steps = every * epochs - np.tile([1, 0], 20)
        ours = rates(tf.constant(steps, tf.int64)).numpy()
        compare("Step schedule around its drops", "whole numbers", ours, 0.5 ** (steps // every))


@pytest.mark.parametrize("model", ["linear", "autoencoder"])
def test_reloading_the_best_epoch_does_not_rewind_the_schedule(tmp_path, model):
    from trainer import RunConfig, RunStore

    # No epoch counts as better than the first.
    policy = {"monitor": "val_loss", "patience": 2, "min_delta": 1e6, "factor": 0.5}
    config = RunConfig(model=model, dataset="iris", epochs=7, reload_on_plateau=policy, schedule="cosine")
    run = RunStore(tmp_path).create(config)
    run.start()
    assert run.wait(300)
    assert run.status == "completed", run.reason
    reloaded = run.history.epochs.rows(0, 7)["reloaded"]
    assert reloaded.tolist() == [0, 0, 1, 0, 1, 0, 1]
    steps = np.arange(4 * 7)
    scale = 0.5 ** np.repeat(np.cumsum([0, *reloaded[:-1]]), 4)
    ours = run.history.rows(0, len(steps))["learning_rate"] / config.optimizer_options["learning_rate"]
    compare("Learning rate after reloading the best epoch", "numpy", ours, cosine(steps, 28) * scale)
