"""The central promise: however a run is cut, and wherever, it ends with the same bits.

A few families here, each cut once in each way; `python -m tests.trainer.exactness --table` does it for all of
them, with every optimizer and schedule, and `--cuts 10` for one long run.

Every cut is followed by another process. What can be this one is this one: it has the programs already that the
runs left alone were compiled for, and a new process imports TensorFlow and compiles them again.
"""

from tests.trainer.comparison import compare
from tests.trainer.exactness import cut, recipe, uninterrupted
from tests.trainer.table import ALONE, CUT, Column, drive
from tests.trainer.watching import finish

FAMILIES = ["MLP, tf.Module", "CNN"]


def test_a_run_cut_by_pause_sigterm_and_sigkill_ends_with_the_same_bits(store, tmp_path):
    config = recipe("mlp")
    whole = uninterrupted(tmp_path / "whole", config)
    sessions = list(cut(store, config, cuts=3, seed=1, here=("pause", "finish")))
    assert [session.way for session in sessions] == ["pause", "kill", "term", "finish"]
    assert [session.status for session in sessions] == ["paused", "interrupted", "interrupted", "completed"]
    assert all(session.reached >= session.wanted for session in sessions)
    # A pause and a SIGTERM save where they cut; a SIGKILL leaves rows that are taken back.
    assert all((session.saved < session.reached) == (session.way == "kill") for session in sessions)
    (run,) = store.list()
    result = compare(run, whole)
    assert result.differences == ()
    assert result.digest == result.expected_digest
    assert run.notes == []


def test_families_cut_side_by_side_in_one_process_end_as_each_does_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINDECK_SLOTS", "2")
    ways = ("pause", "kill", "together")
    column = Column("AdamW, EMA, cosine", FAMILIES, tmp_path, cuts=len(ways) - 1)
    for run in column.open(ALONE).values():
        run.start()
        assert finish(run).status == "completed", run.reason
    for position, way in enumerate(ways):
        runs = column.open(CUT)
        steps = {name: column.step_of(run, position, "0") for name, run in runs.items()}
        drive(runs, way, steps, is_here=way in ("pause", "together"))
    results = {(store, name): result for store, name, result in column.results()}
    assert sorted(results) == sorted((CUT, name) for name in FAMILIES)
    for cell, result in results.items():
        assert result.is_exact, (cell, result.differences)
