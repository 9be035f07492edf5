"""Tables are trained on, resumed and exported: the model that comes out takes raw rows."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.trainer.watching import cut_at, finish
from trainer import RunConfig, RunStore
from trainer.analysis.trained import trained as trained_learner
from trainer.config.data_spec import Column, DataSpec
from trainer.config.registry import MODELS
from trainer.config.split_sizes import count_validation
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.data.splits import split_indices
from trainer.data.values import Arrays
from trainer.errors import DataError
from trainer.export import export
from trainer.training.learner_state import digest_of as state_digest
from trainer.training.learner_state import state_arrays

DATA = Path(os.environ.get("TRAINDECK_DATA", "../shared/data")).resolve()
#: What is reached with nothing but file and target, by the column of the epochs' table.
PROMISED = {
    "penguins.csv": ("species", "val_accuracy", 0.95),
    "mpg.csv": ("mpg", "val_r2", 0.80),
}


def made_table(path):
    """Writes 300 rows, some of them with gaps, under column names that are no identifiers; returns the path."""
    random = np.random.default_rng(0)
    size, weight = random.normal(50, 9, 300).round(2), random.normal(0, 1, 300).round(3)
    colour = random.choice(["red", "deep blue", "grün"], 300)
    kind = np.where(size + 9 * weight + 9 * (colour == "red") > 52, "pear", "apple")
    frame = pd.DataFrame({"size (mm)/x": size, "mlp": weight, "colour": colour, "kind": kind})
    frame.loc[random.choice(300, 20), "size (mm)/x"] = np.nan
    frame.loc[random.choice(300, 20), "colour"] = None
    frame.loc[7, "kind"] = None
    frame.to_csv(path, index=False)
    return path


def recipe(path, target, **fields):
    return RunConfig(
        **{"model": "mlp", "dataset": "csv", "dataset_options": {"path": str(path), "target": target}} | fields
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A completed run of each table that is there, by the file's name."""
    folder = tmp_path_factory.mktemp("tables")
    files = {"made.csv": (made_table(folder / "made.csv"), "kind")}
    files |= {name: (DATA / name, PROMISED[name][0]) for name in PROMISED if (DATA / name).is_file()}
    store = RunStore(folder / "runs")
    runs = {name: store.create(recipe(path, target)) for name, (path, target) in files.items()}
    for run in runs.values():
        run.start()
    for run in runs.values():
        assert finish(run).status == "completed", run.reason
    return runs


@pytest.fixture(scope="module")
def judged(trained, tmp_path_factory):
    """What keras alone, in another process, makes of the exported models on the files' raw rows."""
    folder = tmp_path_factory.mktemp("models")
    for name, run in trained.items():
        export(run, "model.keras", folder / f"{name}.keras")
        target, path = run.config.dataset_options["target"], run.config.dataset_options["path"]
        (folder / f"{name}.json").write_text(json.dumps({"path": path, "target": target}))
    program = """
import json, pathlib, sys, zipfile
import keras, numpy as np, pandas as pd, tensorflow as tf
judged = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    about = json.loads(path.with_suffix(".json").read_text())
    rows = pd.read_csv(about["path"]).dropna(subset=about["target"])
    notes = json.loads(zipfile.ZipFile(path).read("rows.json"))

    def raw(rows):
        return {
            column["name"]: tf.constant(rows[[column["name"]]].fillna("").to_numpy().tolist())
            if column["kind"] == "category" else rows[[column["name"]]].to_numpy("float32")
            for column in notes["inputs"]
        }

    model = keras.models.load_model(path, safe_mode=True)
    y = rows[about["target"]]
    if notes["classes"]:
        y = y.map(notes["classes"].index)
    judged[path.stem] = {
        "predicted": model.predict(raw(rows), verbose=0).tolist(),
        "evaluated": model.evaluate(raw(rows), y.to_numpy(), verbose=0, return_dict=True),
        "y": y.tolist(),
        "classes": notes["classes"],
    }
    if path.stem == "made.csv":
        odd = rows.head(4).copy()
        odd["colour"] = ["purple", None, "red", "red"]
        odd.iloc[3, :2] = float("nan")
        judged["odd"] = model.predict(raw(odd), verbose=0).tolist()
assert "trainer" not in sys.modules
print(json.dumps(judged))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=folder, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def predict(run, x):
    with trained_learner(run, "best") as learner:
        return learner.model.predict(x, verbose=0)


def raw_rows(run):
    """Returns x of all rows with a target, in the codes that the run's model knows."""
    options = run.config.dataset_options
    return load_dataset("csv", options, validation_split=0, seed=0, known=run.spec).train.x


def validation_rows(run):
    """Returns which of the rows with a target are the validation split."""
    whole = load_dataset("csv", run.config.dataset_options, validation_split=0, seed=0)
    held_out = count_validation(len(whole.train), run.config.validation_split)
    return split_indices(whole.train.y, whole.spec, held_out, run.config.seed)[1]


@pytest.mark.parametrize("name", PROMISED)
def test_default_settings_are_enough_for_real_tables(trained, name):
    if name not in trained:
        pytest.skip(f"{DATA / name} is not there; set TRAINDECK_DATA to the folder that holds it")
    _, measure, least = PROMISED[name]
    assert trained[name].metrics["last"][measure] >= least


def test_the_exported_model_predicts_raw_rows_as_training_does(trained, judged):
    for name, run in trained.items():
        found, rows = judged[name], validation_rows(run)
        x = raw_rows(run)
        np.testing.assert_allclose(found["predicted"], predict(run, x), rtol=1e-4, atol=1e-5)
        predicted, y = np.array(found["predicted"])[rows], np.array(found["y"])[rows]
        if found["classes"]:
            right = predicted.argmax(axis=1) == y
            assert right.mean() == pytest.approx(run.metrics["best"]["val_accuracy"], abs=1e-6)
            whole = (np.array(found["predicted"]).argmax(axis=1) == np.array(found["y"])).mean()
            assert found["evaluated"]["accuracy"] == pytest.approx(whole, abs=1e-6)
            assert found["classes"] == sorted(found["classes"])
        else:
            r2 = 1 - ((y - predicted[:, 0]) ** 2).sum() / ((y - y.mean()) ** 2).sum()
            assert r2 == pytest.approx(run.metrics["best"]["val_r2"], abs=1e-4)


def test_unknown_and_missing_values_are_predicted_as_in_training(trained, judged):
    run = trained["made.csv"]
    codes = {value: place for place, value in enumerate(run.spec.columns[2].vocabulary, start=1)}
    x = raw_rows(run)[:4].copy()
    x[:, 2] = [0, codes[""], codes["red"], codes["red"]]
    x[3, :2] = np.nan
    np.testing.assert_allclose(judged["odd"], predict(run, x), rtol=1e-4, atol=1e-5)
    # What is missing is filled with what the training split has in the middle.
    x[3, :2] = [run.spec.columns[0].fill, run.spec.columns[1].fill]
    np.testing.assert_allclose(judged["odd"][3], predict(run, x)[3], rtol=1e-4, atol=1e-5)


def test_a_most_frequent_fill_holds_for_the_exported_model_too(tmp_path):
    from trainer.analysis.rows import row_reader

    path = made_table(tmp_path / "made.csv")
    options = {"path": str(path), "target": "kind", "missing_categories": "most_frequent"}
    spec = load_dataset("csv", options, validation_split=0, seed=0).spec
    import tensorflow as tf

    texts = tf.constant([[""], [spec.columns[2].vocabulary[0]], [spec.columns[2].vocabulary[1]], ["purple"]])
    numbers = np.zeros((4, 1), np.float32)
    codes = row_reader(spec)({"size (mm)/x": tf.constant(numbers), "mlp": tf.constant(numbers), "colour": texts})
    assert codes[:, 2].numpy().tolist() == [1, 1, 2, 0]


@pytest.mark.parametrize("model", ["mlp_module", "subclassed"])
def test_a_saved_model_takes_raw_rows_whatever_it_is_made_of(store, tmp_path, model):
    import tensorflow as tf

    path = made_table(tmp_path / "made.csv")
    run = store.create(recipe(path, "kind", model=model, epochs=1))
    run.start()
    assert finish(run).status == "completed", run.reason
    # It is all in the run: the file is not needed.
    x = raw_rows(run)[:3]
    path.unlink()
    export(run, "savedmodel.zip", tmp_path / "savedmodel.zip")
    zipfile.ZipFile(tmp_path / "savedmodel.zip").extractall(tmp_path)
    loaded = tf.saved_model.load(str(tmp_path / "savedmodel"))
    texts = [("?", *run.spec.columns[2].vocabulary)[int(code)] for code in x[:, 2]]
    columns = {"size (mm)/x": tf.constant(x[:, :1]), "mlp": tf.constant(x[:, 1:2])}
    predicted = loaded.serve({**columns, "colour": tf.constant([[text] for text in texts])}).numpy()
    with trained_learner(run, "best") as learner:
        np.testing.assert_allclose(predicted, learner.model(tf.constant(x)), rtol=1e-4, atol=1e-5)


ODD_NAMES = {
    "plain": ["size", "x", "X", "training", "inputs", "name", "rows", "args"],
    "reserved": ["self", "None", "import", "reader", "values", "mlp", "mlp_", "encoded"],
    "of any kind": ["../../etc", "a:b", "a\tb", "日本", "x" * 300, "a/b", "a∕b", "."],
}


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.parametrize("kind", ODD_NAMES)
def test_columns_may_have_any_name(tmp_path, kind):
    import keras
    import tensorflow as tf

    from trainer.analysis.rows import row_reader, with_named_inputs
    from trainer.catalog.layers import Head, Seeds
    from trainer.export.savedmodel import write_saved_model

    names = ODD_NAMES[kind]
    columns = tuple(
        Column(name, "number") if place < 4 else Column(name, "category", ("p", "../q;\n", ""), fill=3.0)
        for place, name in enumerate(names)
    )
    x = np.repeat(np.array([[1], [2]] * 4, np.float32), len(names), axis=1)
    spec = DataSpec("classification", (len(names),), 8, num_classes=2, standardize=True, columns=columns)
    spec = Dataset.from_arrays(Arrays(x, np.arange(8) % 2), spec).spec
    model = MODELS["mlp"].build(spec, Head(2, "softmax"), Seeds(0))
    with_named_inputs(model, spec).save(tmp_path / "model.keras")
    write_saved_model(model, spec.input_shape, tmp_path / "saved", row_reader(spec))
    numbers, texts = tf.constant([[1.0], [2.0]]), tf.constant([["p"], ["../q;\n"]])
    rows = {name: numbers if place < 4 else texts for place, name in enumerate(names)}
    expected = model(x[:2])
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(rows), expected, rtol=1e-5)
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(saved.serve(rows), expected, rtol=1e-5)


def test_a_run_on_a_table_goes_on_exactly(store, trained, tmp_path):
    path = trained["made.csv"].config.dataset_options["path"]
    run = store.create(recipe(path, "kind"))
    run.start()
    cut_at(run, 33, run.pause)
    run.resume()
    finish(run)
    assert (run.status, run.notes) == ("completed", [])
    assert run.checkpoints[0].digest == trained["made.csv"].checkpoints[0].digest


def test_a_run_does_not_go_on_with_another_file(store, tmp_path):
    path = made_table(tmp_path / "made.csv")
    content = path.read_bytes()
    run = store.create(recipe(path, "kind"))
    run.start()
    cut_at(run, 10, run.pause)
    path.write_bytes(content.replace(b"pear", b"plum", 1))
    with pytest.raises(DataError, match=r"made\.csv' has changed since this run began.* Put the file back"):
        run.resume()
    path.unlink()
    with pytest.raises(DataError, match=r"made\.csv' is not there\. Correct path"):
        run.resume()
    assert run.status == "paused"
    path.write_bytes(content)
    run.resume()
    assert finish(run).status == "completed"


def test_a_run_ends_well_and_is_downloaded_although_its_file_goes_away_meanwhile(store, tmp_path):
    path = made_table(tmp_path / "made.csv")
    run = store.create(recipe(path, "kind", schedule="cosine", epochs=200, checkpoint_epochs=10))
    run.start()
    cut_at(run, 10, path.unlink)
    assert finish(run).status == "completed", run.reason
    assert run.checkpoints[0].step == run.total_steps
    for kind in ("model.keras", "savedmodel.zip", "weights.h5", "checkpoint.zip", "tensorboard.zip"):
        export(run, kind, tmp_path / kind)
        assert (tmp_path / kind).stat().st_size > 0


@pytest.mark.parametrize("model", ["mlp", "mlp_module"])
def test_a_compiled_program_serves_another_split_of_a_table(tmp_path, monkeypatch, model):
    """Fills and statistics are other ones there; they are variables, so that no program holds them."""
    from trainer.training import program_cache
    from trainer.training.build import build
    from trainer.training.loop import train

    monkeypatch.setattr(program_cache, "_idle", [])
    path = made_table(tmp_path / "made.csv")

    def digest_of(seed, is_cached):
        config = recipe(path, "kind", model=model, seed=seed)
        plan = build(config)
        plan = program_cache.reuse_program(plan, config) if is_cached else plan
        next(train(plan.learner, plan.dataset, epochs=1, batch_size=32, seed=seed))
        digest = state_digest(state_arrays(plan.learner.snapshot()))
        if is_cached:
            program_cache.keep_program(plan.learner)
        return plan.learner, plan.dataset.spec.columns[0].fill, digest

    first, fill, _ = digest_of(1, is_cached=True)
    again, other_fill, digest = digest_of(2, is_cached=True)
    assert again is first
    assert fill != other_fill
    fresh, _, expected = digest_of(2, is_cached=False)
    assert fresh is not first
    assert digest == expected
