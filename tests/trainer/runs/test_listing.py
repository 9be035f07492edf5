"""What a list of runs shows: states without opening runs, sparklines, tags and notes."""

import json
import shutil
import time

import numpy as np
import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import finish, wait_for_step, wait_until
from trainer import RunStore
from trainer.errors import ConfigError, RunNotFound
from trainer.runs.history import History
from trainer.runs.listing import states as states_module
from trainer.runs.listing.sparkline import sparkline
from trainer.runs.state import change_state_file

# States


def test_states_are_those_of_the_runs_newest_first(store):
    runs = [store.create(line(), name=f"line {number}") for number in range(3)]
    runs[1].start()
    finish(runs[1])
    found = RunStore(store.path).states()
    assert [state.id for state in found] == [run.id for run in sorted(runs, key=lambda r: r.created, reverse=True)]
    completed = next(state for state in found if state.id == runs[1].id)
    assert completed == RunStore(store.path).get(runs[1].id).state
    assert (completed.model, completed.dataset, completed.step, completed.total_steps) == ("linear", "linear", 24, 24)
    assert RunStore(store.path / "nowhere").states() == []


def test_the_state_of_a_run_that_trains_here_is_the_newest(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 5)
    [here] = store.states()
    assert (here.status, here.step >= 5) == ("running", True)
    run.stop()
    finish(run)
    assert [state.status for state in store.states()] == ["stopped"]


def test_unchanged_runs_are_not_read_again(store, monkeypatch):
    runs = [store.create(line()) for _ in range(3)]
    for run in runs:
        change_state_file(run.path, {"status": "paused"})
    first, read = store.states(), []
    monkeypatch.setattr(states_module, "read_folder", lambda folder: read.append(folder.name) or real(folder))
    assert store.states() == first
    assert read == []
    RunStore(store.path).get(runs[0].id).annotate(tags=["changed"])
    assert {tuple(state.tags) for state in store.states()} == {("changed",), ()}
    assert read == [runs[0].id]
    (runs[1].path / "config.json").unlink()
    assert sum(state.is_damaged for state in store.states()) == 1
    store.delete(runs[2].id)
    assert len(store.states()) == 2


real = states_module.read_folder


def test_foreign_damaged_and_half_deleted_folders_are_one_row_each(store):
    whole = store.create(line(), name="whole")
    damaged, no_config, bad_config, half = (store.create(line(), name=f"run {number}") for number in range(4))
    (damaged.path / "run.json").write_bytes(b"\xff{")
    (no_config.path / "config.json").unlink()
    (bad_config.path / "config.json").write_text("[]")
    (half.path / "run.json").unlink()
    (store.path / "holiday").mkdir()
    (store.path / "holiday" / "photo.png").write_bytes(b"png")
    (store.path / ".tmp-x").mkdir()
    (store.path / "notes.txt").write_text("not a folder")
    (store.path / "odd").mkdir()
    (store.path / "odd" / "run.json").mkdir()
    found = {state.id: state for state in RunStore(store.path).states()}
    assert found.keys() == {run.id for run in (whole, damaged, no_config, bad_config, half)} | {"holiday", "odd"}
    assert [found[whole.id].is_damaged, found[whole.id].reason] == [False, ""]
    for run_id, sentence in (
        (damaged.id, "run.json is damaged, so its name, notes and status are lost."),
        (no_config.id, "config.json is missing. Restore the file from a copy, or delete the run."),
        (bad_config.id, "config.json is damaged. Restore the file from a copy, or delete the run."),
        (half.id, "run.json is missing: this run was half deleted."),
        ("holiday", "This folder holds no run. Delete it, or move it out of the runs folder."),
        ("odd", "This folder holds no run. Delete it, or move it out of the runs folder."),
    ):
        assert found[run_id].is_damaged, run_id
        assert found[run_id].reason.startswith(sentence)
    assert (found[no_config.id].name, found[no_config.id].model) == ("run 1", "linear")
    # What is left of a run can be deleted; what never was one is not touched.
    for run in (damaged, no_config, half):
        RunStore(store.path).delete(run.id, stop=True)
    for name in ("holiday", "odd", "../runs", ".tmp-x", "."):
        with pytest.raises(RunNotFound):
            store.delete(name, stop=True)
    assert {state.id for state in store.states()} == {whole.id, bad_config.id, "holiday", "odd"}
    assert (store.path / "holiday" / "photo.png").exists()


def test_a_thousand_runs_are_listed_quickly(store):
    run = store.create(line())
    change_state_file(run.path, {"status": "completed"})
    for number in range(1000):
        folder = store.path / f"copy-{number}"
        folder.mkdir()
        for name in ("run.json", "config.json"):
            shutil.copyfile(run.path / name, folder / name)
    fresh, seconds = RunStore(store.path), []
    for _ in range(3):
        began = time.perf_counter()
        assert len(fresh.states()) == 1001
        seconds.append(time.perf_counter() - began)
    # Some 0.2 s and 0.01 s on an idle machine.
    assert seconds[0] < 3
    assert min(seconds[1:]) < 0.5 * seconds[0]


# Sparkline


def history_of(losses) -> History:
    history = History()
    steps = np.arange(1, len(losses) + 1)
    history.append({"step": steps, "epoch": steps * 0 + 1, "time": steps * 1.0, "loss": np.asarray(losses)})
    return history


def test_a_sparkline_is_the_mean_of_equal_buckets():
    assert sparkline(History()) == []
    assert sparkline(history_of([3.0, 1.0])) == [3.0, 1.0]
    assert sparkline(history_of(np.arange(64.0))) == [2 * bucket + 0.5 for bucket in range(32)]
    found = sparkline(history_of(np.linspace(1, 0, 1000)))
    assert len(found) == 32
    assert found == sorted(found, reverse=True)


def test_a_sparkline_has_finite_values_only():
    losses = np.full(320, np.nan)
    losses[10:20] = [np.inf, *range(9)]
    assert sparkline(history_of(losses)) == [4.0]
    assert json.loads(json.dumps(sparkline(history_of([1e30, float("nan"), -1e-30])), allow_nan=False))


def test_a_sparkline_of_a_million_steps_costs_no_more_than_one_of_a_few_thousand():
    class Counting(np.ndarray):
        read = 0

        def astype(self, *arguments):
            Counting.read += self.size
            return super().astype(*arguments)

    history = history_of(np.linspace(1, 0, 1_000_000))
    history._arrays["loss"] = history._arrays["loss"].view(Counting)
    found = sparkline(history)
    assert Counting.read <= 32 * 64
    assert found[0] == pytest.approx(1 - 1 / 64, abs=0.001)


def test_the_sparkline_is_kept_while_training_and_at_the_end(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_until(run, lambda: run.state.sparkline)
    assert json.loads((run.path / "run.json").read_text())["sparkline"]
    run.stop()
    finish(run)
    [state] = RunStore(store.path).states()
    assert 0 < len(state.sparkline) <= 32
    assert state.sparkline == sparkline(run.history)


# Tags and notes


def test_tags_and_note_are_stored_while_another_process_trains(store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 1)
    other = RunStore(store.path).get(run.id)
    other.annotate(tags=[" good ", "good", "<b>näh</b> 👩‍👩‍👧", "*x*"], note="Line one\n\tline *two* <script>")
    other.annotate()
    other.rename("renamed")
    run.annotate(note="again")
    run.stop()
    finish(run)
    kept = RunStore(store.path).get(run.id)
    assert kept.tags == ["good", "<b>näh</b> 👩‍👩‍👧", "*x*"]
    assert (kept.note, kept.name, kept.status) == ("again", "renamed", "stopped")
    kept.annotate(tags=[], note="")
    assert (kept.tags, kept.note) == ([], "")
    kept.annotate(tags=[f"tag {number}" for number in range(20)], note="n" * 10_000)
    assert (len(kept.tags), len(RunStore(store.path).get(run.id).note)) == (20, 10_000)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"tags": [f"{n}" for n in range(21)]}, "A run can have at most 20 tags. Received: 21"),
        ({"tags": ["x" * 41]}, "tag must have 1 to 40 characters. Received: 41"),
        ({"tags": ["fine", "  "]}, "tag must have 1 to 40 characters. Received: 0"),
        ({"tags": ["a\nb"]}, "tag must not contain control characters"),
        ({"tags": ["\u202eevil"]}, "tag must not contain control characters"),
        ({"note": "n" * 10_001}, "note must have at most 10,000 characters. Received: 10,001"),
        ({"note": "a\x00b"}, "note must not contain control characters"),
        ({"note": "\ud800"}, "note must not contain control characters"),
    ],
)
def test_what_is_no_tag_or_note_is_refused_in_a_sentence(store, asked, sentence):
    run = store.create(line())
    run.annotate(tags=["kept"], note="kept")
    with pytest.raises(ConfigError, match=sentence):
        run.annotate(**asked)
    assert (run.tags, run.note) == (["kept"], "kept")
