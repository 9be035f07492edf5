"""The central promise: however a run is cut, and wherever, it ends with the same bits.

Three cuts a model, one of each kind, here; `python -m tests.trainer.exactness --cuts 10` makes as many as you like.
"""

import pytest

from tests.trainer.comparison import compare
from tests.trainer.exactness import RECIPES, cut, recipe, uninterrupted


@pytest.mark.parametrize("model", RECIPES)
def test_a_run_cut_by_pause_sigterm_and_sigkill_ends_with_the_same_bits(store, tmp_path, model):
    sessions = list(cut(store, recipe(model), cuts=3, seed=1))
    assert [session.way for session in sessions] == ["pause", "kill", "term", "finish"]
    assert [session.status for session in sessions] == ["paused", "interrupted", "interrupted", "completed"]
    assert all(session.reached >= session.wanted for session in sessions)
    # A pause and a SIGTERM save where they cut; a SIGKILL leaves rows that are taken back.
    assert all((session.saved < session.reached) == (session.way == "kill") for session in sessions)
    (run,) = store.list()
    result = compare(run, uninterrupted(tmp_path / "whole", recipe(model)))
    assert result.differences == ()
    assert result.digest == result.expected_digest
    assert run.notes == []
