"""Warming up: the engine is loaded and the first program compiled before anyone asks for it."""

from __future__ import annotations

from collections.abc import Callable

from trainer.config.run_config import RunConfig
from trainer.training.engine.start_up import first_compilation, load_engine


def warm_up(when_loaded: Callable[[], None] = lambda: None) -> None:
    """Loads the engine and makes the first step of the form's default run, whose program is then compiled.

    Args:
        when_loaded: called in between.
    """
    with first_compilation():
        load_engine()
        when_loaded()
        _compile_default()


def _compile_default() -> None:
    from trainer.training.build import build
    from trainer.training.loop import train
    from trainer.training.program_cache import give_back, recycle

    config = RunConfig(model="mlp", dataset="digits")
    plan = recycle(build(config), config)
    next(train(plan.learner, plan.dataset, epochs=1, batch_size=32))
    give_back(plan.learner)
