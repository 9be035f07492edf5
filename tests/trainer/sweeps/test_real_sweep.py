"""One small sweep that really trains, from the command line: exit codes, results, and the same digests again."""

from __future__ import annotations

import json

import pytest

from trainer import RunStore
from trainer.sweeps.spec import SweepSpec
from trainer.sweeps.sweeps import Sweeps

SWEEP = {
    "config": {"model": "linear", "dataset": "digits", "epochs": 2, "batch_size": 256},
    "space": {"learning_rate": {"low": 0.001, "high": 0.1}},
    "runs": 3,
    "seed": 7,
}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep of three runs, in process."""
    store = RunStore(tmp_path_factory.mktemp("swept") / "runs")
    sweeps = Sweeps(store)
    sweep = sweeps.create(SweepSpec(**SWEEP))
    sweep.start()
    assert sweep.wait(120)
    yield store, sweep
    assert sweeps.close(60)
    assert store.close(60)


def found(store, sweep) -> list[tuple]:
    return [(trial.values, trial.value, store.get(trial.run_id).describe()["digest"]) for trial in sweep.trials()]


def test_the_command_line_repeats_a_sweep_to_the_same_digests(cli, swept, tmp_path):
    store, sweep = swept
    (tmp_path / "sweep.json").write_text(json.dumps(SWEEP))
    code, out, err = cli("sweep", "sweep.json", "--name", "three")
    assert code == 0, err
    again = RunStore(tmp_path / "runs")
    repeated = Sweeps(again).get(out.splitlines()[-1])
    assert out.splitlines()[-2] == repeated.best().run_id
    assert "three: completed. 3 completed." in err
    assert found(again, repeated) == found(store, sweep)
    assert len({values["optimizer_options.learning_rate"] for values, *_ in found(store, sweep)}) == 3
    code, _, err = cli("sweep", repeated.id)
    assert (code, err.count("\n")) == (2, 1)
    assert "this sweep is completed" in err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(SWEEP | {"space": {}}), "at least one option"),
        (json.dumps(SWEEP | {"metric": "val_auc"}), "metric must be one"),
        ("[]", "JSON object"),
        ("{", "not valid JSON"),
        (None, "No such file"),
    ],
    ids=["empty space", "metric", "list", "broken", "missing"],
)
def test_bad_input_ends_with_exit_code_2_and_one_line(cli, tmp_path, text, expected):
    if text is not None:
        (tmp_path / "sweep.json").write_text(text)
    code, out, err = cli("sweep", "sweep.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert expected in err
    assert not (tmp_path / "runs").exists()
