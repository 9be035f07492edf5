"""What XLA compiled serves the next run of the same recipe, and no bit tells that it did."""

from __future__ import annotations

import pytest

from trainer.config.run_config import RunConfig
from trainer.training.build import build
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import digest_of, state_arrays
from trainer.training.program_cache import keep_program, reuse_program

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


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_next_seed_takes_up_the_compiled_program_and_has_the_bits_of_a_fresh_one(recipe):
    load_engine()
    from trainer.training.loop import Evaluator, train

    def trained(seed: int, is_cached: bool):
        config = RunConfig(**recipe, seed=seed)
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
