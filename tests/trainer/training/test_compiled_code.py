"""What XLA has compiled is freed between runs, and compiled again to the same code."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.config.run_config import RunConfig
from trainer.training import program_cache
from trainer.training.build import build
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import digest_of, state_arrays
from trainer.training.program_cache import keep_program, reuse_program


def test_a_program_goes_on_with_the_same_bits_after_its_code_was_freed():
    load_engine()
    from trainer.training.engine.compiled_code import free_compiled_code
    from trainer.training.loop import train

    def digest(frees: bool) -> str:
        plan = build(RunConfig(model="mlp", dataset="iris", model_options={"units": 7}))
        chunks = train(plan.learner, plan.dataset, epochs=2, batch_size=32, chunk_seconds=1e9)
        next(chunks)
        if frees:
            assert free_compiled_code()
            assert not free_compiled_code()
        for _ in chunks:
            pass
        return digest_of(state_arrays(plan.learner.snapshot()))

    assert digest(frees=True) == digest(frees=False)


@pytest.fixture
def freed(monkeypatch):
    """How often code was freed, in a cache of its own that frees after two programs."""
    load_engine()
    times = []
    for name, value in {"_idle": [], "_used": set(), "_compiled": 0, "_MOST_COMPILED": 2}.items():
        monkeypatch.setattr(program_cache, name, value)
    from trainer.training.engine import compiled_code

    monkeypatch.setattr(compiled_code, "free_compiled_code", lambda: times.append(len(program_cache._idle)))
    return times


def begin(units: int):
    config = RunConfig(model="mlp", dataset="iris", model_options={"units": units})
    return reuse_program(build(config), config).learner


def test_code_is_freed_after_some_programs_when_no_run_uses_any(freed):
    first, second = begin(3), begin(4)
    keep_program(first)
    assert not freed
    keep_program(second)
    assert freed == [0]
    third = begin(3)
    assert third is not first
    keep_program(third)
    assert len(freed) == 1


def test_runs_of_one_recipe_free_nothing(freed):
    for _ in range(3):
        keep_program(begin(3))
    assert not freed


def test_a_compiled_graph_records_no_stacks_and_another_does():
    load_engine()
    import tensorflow as tf

    from trainer.training.engine.tracing import traced_alone

    def stacks(is_compiled: bool) -> list:
        function = tf.function(traced_alone(lambda x: x * 2.0, is_compiled=is_compiled), autograph=False)
        operations = function.get_concrete_function(tf.TensorSpec([2])).graph.get_operations()
        return [operation.traceback for operation in operations if operation.type == "Mul"]

    assert len(stacks(False)[0]) > 0
    assert not stacks(True)[0]
    assert np.isfinite(float(tf.function(lambda x: x * 2.0)(1.0)))
