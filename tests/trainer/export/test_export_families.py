"""Every family of models can be downloaded, and what was downloaded predicts the same without this project."""

import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from tests.trainer.eager import eagerly
from tests.trainer.export.downloads import check, note_refusals
from tests.trainer.export.family_cases import CASES, MODULES, OWN, PROGRAM, TABLE, table_case
from tests.trainer.export.report_cases import figures
from tests.trainer.watching import finish
from trainer import RunConfig, RunStore
from trainer.analysis.trained import choose_state
from trainer.analysis.trained import trained as trained_learner
from trainer.config.fitting import dataset_spec, why_not
from trainer.config.registry import MODELS
from trainer.data.loading import load_dataset
from trainer.errors import ExportError
from trainer.export import EXPORTS, export, why_never
from trainer.training.build import build


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One completed run per case."""
    folder = tmp_path_factory.mktemp("families")
    store, recipes = RunStore(folder / "runs"), CASES | {TABLE: table_case(folder)}
    made = {name: store.create(RunConfig(epochs=1, batch_size=100, **fields)) for name, fields in recipes.items()}
    with eagerly():
        for run in made.values():
            run.start()
            assert finish(run).status == "completed", run.reason
            note_refusals(run)
    return made


def inputs(name: str, run) -> np.ndarray:
    """Returns raw examples, as the trained model takes them: float32 (n, …)."""
    if name == TABLE:
        options = run.config.dataset_options
        return load_dataset("csv", options, validation_split=0, seed=0, known=run.spec).train.x.astype(np.float32)
    shape = (5,) if name == "gan" else run.spec.input_shape
    return np.random.default_rng(0).uniform(0, 2, (3, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def judged(runs, tmp_path_factory):
    """What downloads predict in a process without this project, and as "wanted" what the learner itself does."""
    folder, wanted = tmp_path_factory.mktemp("downloads"), {}
    for name, run in runs.items():
        export(run, "savedmodel.zip", folder / f"{name}.zip")
        export(run, "model.tflite", folder / f"{name}.tflite")
        export(run, "model.onnx", folder / f"{name}.onnx")
        if name not in MODULES:
            export(run, "model.keras", folder / f"{name}.keras")
            export(run, "weights.h5", folder / f"{name}.weights.h5")
        if name == TABLE:
            shutil.copy(run.config.dataset_options["path"], folder / f"{name}.csv")
        with trained_learner(run, "best") as learner:
            x, options = inputs(name, run), {} if name in MODULES else {"training": False}
            wanted[name] = np.array(learner.model(x, **options))
        np.savez(folder / f"{name}.npz", x=x)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], cwd=folder, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: found[name] | {"wanted": wanted[name]} for name in runs}


#: What the program predicts with each kind.
READ = {
    "savedmodel.zip": ("saved_model", "signature"),
    "model.tflite": ("tflite",),
    "model.onnx": ("onnx",),
    "model.keras": ("keras",),
    "weights.h5": ("weights",),
}
NO_MODULE = ("model.keras", "weights.h5")
NAMES = (*CASES, TABLE)


@pytest.mark.parametrize("name", NAMES)
def test_every_download_predicts_what_the_learner_does(runs, judged, name):
    run, found = runs[name], judged[name]
    # A regression predicts in the target's units, and is compared in its standard deviations.
    unit, limit = (run.spec.target_std, 1e-5) if run.spec.task == "regression" else (1.0, 1e-6)
    for kind, ways in READ.items():
        for way in ways if name not in MODULES or kind not in NO_MODULE else ():
            check(run, kind, np.array(found[way]) / unit, found["wanted"] / unit, limit)
    assert "about.json" in found["beside"]
    assert "about.json" in found["metadata"]
    assert found.get("sources", []) == ([OWN[name]] if name in OWN else [])
    if name in OWN:
        assert found["needs_source"], "the source inside is of no use if the model loads without it"
    if name not in MODULES:
        assert found["is_compiled"] == (name not in ("autoencoder", "gan"))


@pytest.mark.parametrize("name", NAMES)
def test_pandas_reads_every_measured_number(runs, tmp_path, name):
    run = runs[name]
    tables = {
        "history.csv": (pd.read_csv, run.history),
        "history.parquet": (pd.read_parquet, run.history),
        "epochs.csv": (pd.read_csv, run.history.epochs),
    }
    for kind, (read, table) in tables.items():
        found, wanted = read(export(run, kind, tmp_path / kind)), table.frame()
        assert list(found) == list(wanted)
        for column in wanted:
            check(run, kind, found[column].astype(wanted[column].dtype), wanted[column])


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_tensorboard_shows_every_measured_number(runs, tmp_path, name):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = runs[name]
    zipfile.ZipFile(export(run, "tensorboard.zip", tmp_path / "board.zip")).extractall(tmp_path)
    board = EventAccumulator(str(tmp_path / run.id), size_guidance={"scalars": 0}).Reload()
    for group, step, table in (("batch", "step", run.history), ("epoch", "epoch", run.history.epochs)):
        frame = table.frame()
        for column in set(frame) - {"step", "epoch", "time"}:
            measured = frame[[step, column]].dropna()
            if len(measured):
                events = board.Scalars(f"{group}/{column}")
                check(run, "tensorboard.zip", [(event.step, event.value) for event in events], measured)


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_a_report_has_the_curves_of_the_run(runs, tmp_path, name):
    run = runs[name]
    with eagerly():
        drawn = figures(export(run, "report.html", tmp_path / "report.html").read_text(encoding="utf-8"))
    losses = MODELS[run.config.model].traits.losses
    for place, column in enumerate([*(losses[1:] or losses), *run.config.metrics]):
        training, *validation = drawn[f"curve-{place}"]["data"]
        # Six digits are more than a curve can show.
        check(run, "report.html", training["y"], run.history.frame()[column], 1e-5)
        if validation:
            check(run, "report.html", validation[0]["y"], run.history.epochs.frame()[f"val_{column}"], 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_another_installation_has_the_whole_state(runs, tmp_path, name):
    run, there = runs[name], RunStore(tmp_path / "there")
    zipfile.ZipFile(export(run, "checkpoint.zip", tmp_path / "checkpoint.zip")).extractall(there.path)
    copy = there.get(run.id)
    (_, found), (_, wanted) = choose_state(copy, "latest"), choose_state(run, "latest")
    assert set(found) == set(wanted)
    for key in wanted:
        check(run, "checkpoint.zip", found[key], wanted[key])
    check(run, "checkpoint.zip", copy.history.frame(), run.history.frame())
    assert copy.checkpoints[0].digest == run.checkpoints[0].digest
    config = RunConfig.from_file(export(run, "config.json", tmp_path / "config.json"))
    check(run, "config.json", config == run.config, True)


def test_a_module_has_no_keras_file_and_is_told_what_to_choose(runs, tmp_path):
    for kind in NO_MODULE:
        with pytest.raises(
            ExportError, match=rf"^{kind} cannot be made .* tf\.Module .*Download savedmodel\.zip instead"
        ):
            export(runs["module"], kind, tmp_path / kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_run_can_never_give_is_known_without_building_its_model(runs, name):
    refused = {kind for kind in EXPORTS if why_never(runs[name], kind)}
    assert refused == (set(NO_MODULE) if name in MODULES else set())


@pytest.mark.parametrize("model", MODELS)
def test_every_model_says_whether_keras_knows_it(model):
    import keras

    dataset = next(
        name for name in ("iris", "digits", "sequences") if not why_not(MODELS[model], dataset_spec(name, {}))
    )
    learner = build(RunConfig(model=model, dataset=dataset)).learner
    assert MODELS[model].traits.is_keras == isinstance(learner.model, keras.Model)


@pytest.mark.parametrize("kind", ["model.keras", "savedmodel.zip", "weights.h5"])
def test_downloads_leave_nothing_beside_them(runs, tmp_path, kind):
    export(runs["learned"], kind, tmp_path / kind)
    assert [path.name for path in tmp_path.iterdir()] == [kind]
    if kind == "savedmodel.zip":
        names = zipfile.ZipFile(tmp_path / kind).namelist()
        assert "savedmodel/saved_model.pb" in names
        assert all(name.startswith("savedmodel/") for name in names)


def test_a_model_that_keras_cannot_write_down_says_what_to_choose(tmp_path):
    import keras

    from trainer.export.model import save

    class Odd(keras.Model):
        def __init__(self, size):
            super().__init__()
            self.layer = keras.layers.Dense(size)

        def call(self, x):
            return self.layer(x)

        def get_config(self):
            raise NotImplementedError("Odd has no get_config.")

    model = Odd(2)
    model(np.ones((1, 2)))
    with pytest.raises(ExportError, match=r"cannot save this model .*Odd has no get_config\. Download savedmodel\.zip"):
        save(model, tmp_path / "m.keras")
