"""What XLA compiled serves the next run of the same recipe, and no bit tells that it did."""

from __future__ import annotations

import threading

import pytest

from trainer.config.run_config import RunConfig
from trainer.training import program_cache
from trainer.training.build import build
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import digest_of, state_arrays
from trainer.training.program_cache import announced, keep_program, program_key, reuse_program

RECIPES = {
    "dropout": {"model": "mlp", "dataset": "iris", "model_options": {"dropout": 0.3, "batch_norm": True}},
    "balanced weights": {"model": "mlp", "dataset": "wine", "class_weight": "balanced", "validation_split": 0.3},
    "convolutions": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 4, "dropout": 0.3}},
    "augmentation": {
        "model": "cnn",
        "dataset": "digits",
        "model_options": {"filters": 4},
        "augmentation": {"rotate": 0.1, "noise": 0.1},
    },
    "recurrence": {"model": "rnn", "dataset": "sequences", "model_options": {"units": 8}},
    "scores kept for AUC": {"model": "mlp", "dataset": "iris", "metrics": ["auc", "accuracy"]},
    "averaged weights": {
        "model": "mlp",
        "dataset": "iris",
        "model_options": {"dropout": 0.3},
        "optimizer": "adamw",
        "ema_momentum": 0.9,
        "schedule": "cosine",
    },
}


@pytest.fixture(autouse=True)
def _fresh_count(monkeypatch):
    """No program is dropped because of those that other tests have compiled."""
    monkeypatch.setattr(program_cache, "_compiled", 0)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_next_seed_and_learning_rate_take_up_the_compiled_program_and_have_the_bits_of_a_fresh_one(recipe):
    load_engine()
    from trainer.training.loop import Evaluator, train

    def trained(seed: int, is_cached: bool):
        # A schedule is compiled with its learning rate.
        rate = {} if "schedule" in recipe else {"optimizer_options": {"learning_rate": 0.001 * seed}}
        config = RunConfig(**recipe, **rate, seed=seed)
        plan = build(config)
        plan = reuse_program(plan, config) if is_cached else plan
        chunks = train(plan.learner, plan.dataset, epochs=1, batch_size=32, seed=seed, chunk_seconds=1e9)
        for _ in range(2):
            next(chunks)
        digest = digest_of(state_arrays(plan.learner.snapshot())), Evaluator(plan.learner, plan.dataset.validation)()
        if is_cached:
            keep_program(plan.learner)
        return plan.learner, digest

    first, _ = trained(1, is_cached=True)
    again, digest = trained(2, is_cached=True)
    _, expected = trained(2, is_cached=False)
    if recipe.get("class_weight") is None:
        assert again is first
    assert digest == expected


def test_only_the_latest_programs_stay(monkeypatch):
    monkeypatch.setattr(program_cache, "_idle", [])
    monkeypatch.setattr(program_cache, "_MOST_IDLE", 2)
    plans = []
    for units in (3, 4, 5):
        config = RunConfig(model="mlp", dataset="iris", model_options={"units": units})
        plans.append(reuse_program(build(config), config))
        keep_program(plans[-1].learner)
    assert [learner for _, learner in program_cache._idle] == [plan.learner for plan in plans[1:]]


def test_a_run_waits_for_the_program_that_is_being_compiled_for_it(monkeypatch):
    monkeypatch.setattr(program_cache, "_idle", [])
    config = RunConfig(model="mlp", dataset="iris", model_options={"units": 6})
    first, second, got = reuse_program(build(config), config), build(config), []
    waiting = threading.Thread(target=lambda: got.append(reuse_program(second, config)))
    with announced(first.learner):
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        keep_program(first.learner)
    waiting.join(20)
    assert got[0].learner is first.learner


def test_a_learning_rate_is_part_of_a_program_only_with_a_schedule():
    def key(**fields):
        config = RunConfig(model="mlp", dataset="iris", **fields)
        return program_key(build(config), config)

    rates = [{"optimizer_options": {"learning_rate": rate}} for rate in (0.1, 0.2)]
    assert key(**rates[0]) == key(**rates[1])
    assert key(**rates[0], schedule="cosine") != key(**rates[1], schedule="cosine")
