"""Warm-up: loads the engine and compiles the first program before a user needs it."""

from __future__ import annotations

from collections.abc import Callable

from trainer.config.run_config import RunConfig
from trainer.training.engine.start_up import first_compilation, is_awaited, load_engine, wait_compiled

#: Seconds to wait for the program of a run that waited for the engine. Preparing its data may take longer.
_PATIENCE = 10.0


def warm_up(when_loaded: Callable[[], None] = lambda: None) -> None:
    """Loads the engine and makes one epoch of the form's default run, so that its program is compiled.

    If a run waits for the engine already, that run compiles its own program, and there is nothing more to prepare.
    The engine counts as warm when that is done: until then, every page would be drawn again just to say so.

    Args:
        when_loaded: called in between.
    """
    with first_compilation():
        load_engine()
        is_late = is_awaited()
        when_loaded()
        if not is_late or not wait_compiled(_PATIENCE):
            _compile_default()


def _compile_default() -> None:
    from trainer.training.build import build
    from trainer.training.loop import Evaluator, train
    from trainer.training.program_cache import announced, keep_program, reuse_program

    config = RunConfig(model="mlp", dataset="digits")
    plan = reuse_program(build(config), config)
    with announced(plan.learner):
        for _ in train(plan.learner, plan.dataset, epochs=1, batch_size=config.batch_size):
            pass
        Evaluator(plan.learner, plan.dataset.validation)()
        keep_program(plan.learner)
