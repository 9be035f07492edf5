"""Every family of models can be downloaded, and what was downloaded predicts the same without this project."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tests.trainer.eager import eagerly
from tests.trainer.watching import finish
from trainer import RunConfig, RunStore
from trainer.analysis.trained import trained as trained_learner
from trainer.config.fitting import dataset_spec, why_not
from trainer.config.registry import MODELS
from trainer.errors import ExportError
from trainer.export import EXPORTS, export, why_never
from trainer.training.build import build

CASES = {
    "learned": {"model": "mlp", "dataset": "diabetes", "model_options": {"activation": "learned", "units": 8}},
    "subclassed": {"model": "subclassed", "dataset": "diabetes", "model_options": {"hidden_size": 8}},
    "module": {"model": "mlp_module", "dataset": "iris", "model_options": {"hidden": 8}},
    "rnn": {
        "model": "rnn",
        "dataset": "sequences",
        "dataset_options": {"size": 200, "steps": 8},
        "model_options": {"units": 4, "bidirectional": True},
    },
    "transformer": {"model": "transformer", "dataset": "digits", "model_options": {"units": 8, "layers": 1}},
    "autoencoder": {"model": "autoencoder", "dataset": "digits", "model_options": {"architecture": "conv"}},
    "gan": {"model": "gan", "dataset": "digits", "model_options": {"filters": 4, "latent": 5}},
}
OWN = {"learned": "learned_swish.py", "subclassed": "two_layers.py"}

PROGRAM = """
import json, pathlib, sys, zipfile
import keras, numpy as np, onnxruntime, tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
folder, found = pathlib.Path(sys.argv[1]), {}
sys.path.insert(0, str(folder))
for path in sorted(folder.glob("*.npz")):
    name, data = path.stem, np.load(path)
    found[name] = case = {}
    zipfile.ZipFile(folder / f"{name}.zip").extractall(folder / name)
    loaded = tf.saved_model.load(folder / name / "savedmodel")
    case["saved_model"] = float(np.abs(loaded.serve(data["x"]).numpy() - data["prediction"]).max())
    signature = loaded.signatures["serving_default"](x=tf.constant(data["x"]))
    case["signature"] = float(np.abs(next(iter(signature.values())).numpy() - data["prediction"]).max())
    lite = Interpreter(str(folder / f"{name}.tflite"))
    lite.resize_tensor_input(lite.get_input_details()[0]["index"], data["x"].shape)
    lite.allocate_tensors()
    lite.set_tensor(lite.get_input_details()[0]["index"], data["x"])
    lite.invoke()
    predicted = lite.get_tensor(lite.get_output_details()[0]["index"])
    case["tflite"] = float(np.abs(predicted - data["prediction"]).max())
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx")
    [predicted] = session.run(None, {"x": data["x"]})
    case["onnx"] = float(np.abs(predicted - data["prediction"]).max())
    case["beside"] = zipfile.ZipFile(folder / f"{name}.tflite").namelist()
    case["metadata"] = sorted(session.get_modelmeta().custom_metadata_map)
    archive = folder / f"{name}.keras"
    if not archive.exists():
        continue
    sources = [member for member in zipfile.ZipFile(archive).namelist() if member.endswith(".py")]
    case["sources"] = sources
    for source in sources:
        try:
            keras.models.load_model(archive)
            case["needs_source"] = False
        except TypeError as error:
            case["needs_source"] = "locate class" in str(error)
        zipfile.ZipFile(archive).extract(source, folder)
        __import__(source[:-3])
    model = keras.models.load_model(archive)
    case["keras"] = float(np.abs(model.predict(data["x"], verbose=0) - data["prediction"]).max())
    case["is_compiled"] = bool(getattr(model, "optimizer", None))
    for variable in model.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    model.load_weights(folder / f"{name}.weights.h5")
    case["weights"] = float(np.abs(model.predict(data["x"], verbose=0) - data["prediction"]).max())
assert "trainer" not in sys.modules
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One completed run per case."""
    store = RunStore(tmp_path_factory.mktemp("families") / "runs")
    made = {name: store.create(RunConfig(epochs=1, batch_size=100, **fields)) for name, fields in CASES.items()}
    with eagerly():
        for run in made.values():
            run.start()
            assert finish(run).status == "completed", run.reason
    return made


@pytest.fixture(scope="module")
def judged(runs, tmp_path_factory):
    """How far downloads, in a process without this project, are off the learner's own predictions."""
    folder = tmp_path_factory.mktemp("downloads")
    for name, run in runs.items():
        export(run, "savedmodel.zip", folder / f"{name}.zip")
        export(run, "model.tflite", folder / f"{name}.tflite")
        export(run, "model.onnx", folder / f"{name}.onnx")
        if name != "module":
            export(run, "model.keras", folder / f"{name}.keras")
            export(run, "weights.h5", folder / f"{name}.weights.h5")
        with trained_learner(run, "best") as learner:
            shape = (5,) if name == "gan" else run.spec.input_shape
            x = np.random.default_rng(0).uniform(0, 2, (3, *shape)).astype(np.float32)
            options = {} if name == "module" else {"training": False}
            np.savez(folder / f"{name}.npz", x=x, prediction=np.array(learner.model(x, **options)))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], cwd=folder, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", CASES)
def test_every_download_predicts_what_the_learner_does(judged, name):
    off = judged[name]
    kinds = ("saved_model", "signature", "tflite", "onnx")
    for kind in kinds if name == "module" else (*kinds, "keras", "weights"):
        # Targets of diabetes are about 150, all other predictions about 1.
        assert off[kind] < (1e-3 if RunConfig(**CASES[name]).dataset == "diabetes" else 1e-6), kind
    assert "about.json" in off["beside"]
    assert "about.json" in off["metadata"]
    assert off.get("sources", []) == ([OWN[name]] if name in OWN else [])
    if name in OWN:
        assert off["needs_source"], "the source inside is of no use if the model loads without it"
    if name != "module":
        assert off["is_compiled"] == (name not in ("autoencoder", "gan"))


def test_a_module_has_no_keras_file_and_is_told_what_to_choose(runs, tmp_path):
    for kind in ("model.keras", "weights.h5"):
        with pytest.raises(
            ExportError, match=rf"^{kind} cannot be made .* tf\.Module .*Download savedmodel\.zip instead"
        ):
            export(runs["module"], kind, tmp_path / kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", CASES)
def test_what_a_run_can_never_give_is_known_without_building_its_model(runs, name):
    refused = {kind for kind in EXPORTS if why_never(runs[name], kind)}
    assert refused == ({"model.keras", "weights.h5"} if name == "module" else set())


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
