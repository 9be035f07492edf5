"""What is downloaded is whole, and works without this project."""

import csv
import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import cut_at, finish, wait_for_step, wait_until
from trainer import EXPORTS, RunConfig, RunStore
from trainer.analysis import trained as checkpoints
from trainer.errors import ConfigError, ExportError
from trainer.export import export
from trainer.training.build import build

KINDS = ("model.keras", "checkpoint.zip", "history.csv", "epochs.csv", "config.json")

SMALL = {"units": 16, "layers": 1}
CONFIGS = {
    "digits": digits(metrics=["accuracy", "top_3_accuracy"]),
    "breast_cancer": RunConfig(
        model="mlp",
        model_options=SMALL,
        dataset="breast_cancer",
        loss="binary_crossentropy",
        epochs=3,
        optimizer="adamw",
        optimizer_options={"learning_rate": 0.005},
    ),
    "diabetes": RunConfig(
        model="mlp", model_options=SMALL, dataset="diabetes", metrics=["mae", "r2", "rmse"], epochs=3
    ),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One completed run per data set, all trained at once."""
    store = RunStore(tmp_path_factory.mktemp("exports") / "runs")
    runs = {name: store.create(config, name=f"=cmd('{name}')") for name, config in CONFIGS.items()}
    for run in runs.values():
        run.start()
    for run in runs.values():
        assert finish(run).status == "completed", run.reason
    return runs


@pytest.fixture(scope="module")
def judged(trained, tmp_path_factory):
    """What keras alone, in another process, makes of the downloaded models on the raw validation examples."""
    folder = tmp_path_factory.mktemp("models")
    for name, run in trained.items():
        export(run, "model.keras", folder / f"{name}.keras")
        validation = build(run.config).dataset.validation
        np.savez(folder / f"{name}.npz", x=validation.x, y=validation.y)
    program = """
import json, pathlib, sys
import keras, numpy as np
judged = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    data = np.load(path.with_suffix(".npz"))
    model = keras.models.load_model(path)
    judged[path.stem] = {
        "evaluated": model.evaluate(data["x"], data["y"], verbose=0, return_dict=True, batch_size=256),
        "predicted": model.predict(data["x"], verbose=0).tolist(),
        "learning_rate": float(model.optimizer.learning_rate),
        "y": data["y"].tolist(),
    }
    model.fit(data["x"], data["y"], verbose=0)
assert "trainer" not in sys.modules
print(json.dumps(judged))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=folder, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def last(run) -> dict:
    return run.history.epochs.frame().iloc[-1].to_dict()


def test_the_kinds_are_those_of_the_contract():
    assert set(KINDS) <= set(EXPORTS)
    assert next(iter(EXPORTS)) == "model.keras"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_whole_and_leaves_nothing_beside_it(trained, tmp_path, kind):
    assert export(trained["digits"], kind, tmp_path / kind) == tmp_path / kind
    assert (tmp_path / kind).stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [kind]


def test_the_model_alone_reproduces_the_validation_accuracy_of_images(trained, judged):
    found = judged["digits"]
    right = np.argmax(found["predicted"], axis=1) == np.array(found["y"])
    assert right.mean() == pytest.approx(last(trained["digits"])["val_accuracy"], abs=1e-6)
    assert right.mean() > 0.5
    assert found["evaluated"]["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    assert found["evaluated"]["top_3_accuracy"] == pytest.approx(
        last(trained["digits"])["val_top_3_accuracy"], abs=1e-6
    )
    assert found["evaluated"]["loss"] == pytest.approx(last(trained["digits"])["val_loss"], rel=1e-5)


def test_the_model_alone_reproduces_the_validation_accuracy_of_two_classes(trained, judged):
    found = judged["breast_cancer"]
    right = (np.array(found["predicted"])[:, 0] > 0.5) == np.array(found["y"])
    assert right.mean() == pytest.approx(last(trained["breast_cancer"])["val_accuracy"], abs=1e-6)
    assert right.mean() > 0.8
    assert found["evaluated"]["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    assert found["learning_rate"] == pytest.approx(0.005)


def test_the_model_alone_predicts_a_regression_in_its_own_units(trained, judged):
    found, row = judged["diabetes"], last(trained["diabetes"])
    y, prediction = np.array(found["y"]), np.array(found["predicted"])
    assert np.abs(y - prediction).mean() == pytest.approx(row["val_mae"], rel=1e-4)
    r2 = 1 - ((y - prediction) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert r2 == pytest.approx(row["val_r2"], abs=1e-4)
    assert found["evaluated"]["mae"] == pytest.approx(row["val_mae"], rel=1e-4)
    assert found["evaluated"]["rmse"] == pytest.approx(row["val_rmse"], rel=1e-4)


def test_checkpoint_zip_of_a_run_in_training_goes_on_elsewhere_to_the_same_digest(trained, store, tmp_path):
    run = store.create(CONFIGS["digits"], name="original")
    run.start()
    cut_at(run, 60, run.pause)
    export(run, "checkpoint.zip", tmp_path / "checkpoint.zip")
    elsewhere = RunStore(tmp_path / "elsewhere")
    with zipfile.ZipFile(tmp_path / "checkpoint.zip") as archive:
        assert all(name.startswith(f"{run.id}/") for name in archive.namelist())
        archive.extractall(elsewhere.path)
    copy = elsewhere.get(run.id)
    assert (copy.name, copy.status, copy.step) == ("original", "paused", run.step)
    assert [c.digest for c in copy.checkpoints] == [run.checkpoints[0].digest]
    copy.resume()
    finish(copy)
    assert copy.checkpoints[0].digest == trained["digits"].checkpoints[0].digest
    assert copy.history.frame()["step"].tolist() == list(range(1, 136))
    assert copy.notes == []


def test_checkpoint_zip_of_a_live_run_says_that_it_is_a_copy(store, tmp_path):
    run = store.create(digits(epochs=ENDLESS, checkpoint_seconds=1))
    run.start()
    wait_until(run, lambda: run.checkpoints)
    export(run, "checkpoint.zip", tmp_path / "checkpoint.zip")
    export(run, "model.keras", tmp_path / "model.keras")
    elsewhere = RunStore(tmp_path / "elsewhere")
    with zipfile.ZipFile(tmp_path / "checkpoint.zip") as archive:
        archive.extractall(elsewhere.path)
    copy = elsewhere.get(run.id)
    assert copy.status == "interrupted"
    assert copy.step == copy.checkpoints[0].step
    assert run.status == "running"
    copy.resume()
    wait_for_step(copy, copy.checkpoints[0].step + 5)
    copy.stop()
    finish(copy)
    assert copy.history.frame()["step"].tolist() == list(range(1, copy.step + 1))


def test_a_checkpoint_pruned_while_it_is_packed_gives_the_newer_one(trained, tmp_path, monkeypatch):
    folder = tmp_path / "runs" / trained["digits"].id
    shutil.copytree(trained["digits"].path, folder)
    run = RunStore(tmp_path / "runs").get(folder.name)
    newest = run.checkpoints[0]
    older = newest.path.with_name("step-0000000001")
    real, calls = checkpoints.newest_state, []

    def stale(*arguments):
        calls.append(arguments)
        if len(calls) > 1:
            return real(*arguments)
        return type(newest)(1, older, newest.manifest), {}, []

    monkeypatch.setattr(checkpoints, "newest_state", stale)
    export(run, "checkpoint.zip", tmp_path / "checkpoint.zip")
    with zipfile.ZipFile(tmp_path / "checkpoint.zip") as archive:
        assert f"{run.id}/checkpoints/{newest.path.name}/state.npz" in archive.namelist()


def read(path) -> list[dict]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_history_csv_has_every_row_to_the_last_bit(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.export.history._ROWS_AT_ONCE", 50)
    run = trained["digits"]
    rows, frame = read(export(run, "history.csv", tmp_path / "h.csv")), run.history.frame()
    assert list(rows[0]) == list(frame)
    assert [int(row["step"]) for row in rows] == list(range(1, 136))
    for name in ("loss", "accuracy", "learning_rate", "grad_norm"):
        written = np.array([row[name] or "nan" for row in rows], np.float32)
        assert np.array_equal(written, frame[name].to_numpy(), equal_nan=True)


def test_what_was_not_measured_is_an_empty_cell(trained, tmp_path):
    rows = read(export(trained["diabetes"], "history.csv", tmp_path / "h.csv"))
    assert [index + 1 for index, row in enumerate(rows) if row["grad_norm"]] == [16, 32]
    assert all(row["loss"] for row in rows)


def test_epochs_csv_has_every_epoch(trained, tmp_path):
    rows = read(export(trained["digits"], "epochs.csv", tmp_path / "e.csv"))
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "45"), ("2", "90"), ("3", "135")]
    assert float(rows[-1]["val_accuracy"]) == pytest.approx(last(trained["digits"])["val_accuracy"])


def test_history_parquet_holds_the_same_columns_to_the_last_bit(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.export.history._ROWS_AT_ONCE", 7)
    run = trained["digits"]
    frame = pd.read_parquet(export(run, "history.parquet", tmp_path / "h.parquet"))
    pd.testing.assert_frame_equal(frame, run.history.frame(), check_dtype=False)


@pytest.mark.parametrize("kind", ["history.csv", "epochs.csv"])
def test_no_cell_is_a_formula(trained, tmp_path, kind):
    for run in trained.values():
        with open(export(run, kind, tmp_path / kind), newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        assert all(name.isidentifier() for name in header)
        assert all(cell == "" or float(cell) is not None for row in rows for cell in row)


def test_a_runs_name_is_never_part_of_a_path(trained, tmp_path):
    run = trained["digits"]
    run.rename("../../evil")
    try:
        with zipfile.ZipFile(export(run, "checkpoint.zip", tmp_path / "c.zip")) as archive:
            assert all(name.startswith(f"{run.id}/") and ".." not in name for name in archive.namelist())
    finally:
        run.rename("digits")


def test_config_json_repeats_the_run(trained, tmp_path):
    run = trained["breast_cancer"]
    assert RunConfig.from_file(export(run, "config.json", tmp_path / "c.json")) == run.config


def test_what_is_not_there_yet_is_said(store, tmp_path):
    run = store.create(line())
    for kind in ("model.keras", "checkpoint.zip"):
        with pytest.raises(ExportError, match="no checkpoint yet"):
            export(run, kind, tmp_path / kind)
    for kind in ("history.csv", "epochs.csv", "history.parquet"):
        with pytest.raises(ExportError, match="Nothing has been measured yet"):
            export(run, kind, tmp_path / kind)
    with pytest.raises(ConfigError, match=r"model\.exe.*model\.keras"):
        export(run, "model.exe", tmp_path / "x")
    assert list(tmp_path.glob("*.*")) == []
