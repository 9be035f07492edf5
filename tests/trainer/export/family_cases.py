"""One small run per family of models, and the program that opens its downloads without this project."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CASES: dict[str, dict] = {
    "linear": {"model": "linear", "dataset": "iris"},
    "linear_module": {"model": "linear_module", "dataset": "plane", "dataset_options": {"size": 200}},
    "learned": {"model": "mlp", "dataset": "diabetes", "model_options": {"activation": "learned", "units": 8}},
    "subclassed": {"model": "subclassed", "dataset": "diabetes", "model_options": {"hidden_size": 8}},
    "module": {"model": "mlp_module", "dataset": "iris", "model_options": {"hidden": 8}},
    "cnn": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 4, "blocks": 1}},
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
#: A table with a category and missing values. Its columns are the inputs of most downloads.
TABLE = "table"
#: The models that are no Keras models, and the sources that are in a model.keras.
MODULES = ("linear_module", "module")
OWN = {"learned": "learned_swish.py", "subclassed": "two_layers.py"}


def table_case(folder: Path) -> dict:
    """Writes a table and returns the recipe of a run on it."""
    random, lines = np.random.default_rng(0), ["size,weight,colour,kind"]
    for place in range(150):
        size = "" if place % 7 == 0 else f"{random.normal(50 + place % 2, 20):.2f}"
        colour = ("red", "deep blue", "grün", "")[place % 4]
        lines.append(f"{size},{random.normal(5000, 2000):.1f},{colour},{('apple', 'pear')[place % 2]}")
    (folder / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    return {
        "model": "mlp",
        "model_options": {"units": 8},
        "dataset": "csv",
        "dataset_options": {"path": str(folder / "table.csv"), "target": "kind"},
    }


#: Reads a folder of downloads and prints what each of them predicts. A case's inputs are in its .npz; a table's rows
#: are in its .csv too, and are read by the code that was downloaded with the model.
PROGRAM = """
import json, pathlib, sys, zipfile
import keras, numpy as np, onnxruntime, tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
folder, found = pathlib.Path(sys.argv[1]), {}
sys.path.insert(0, str(folder))
for path in sorted(folder.glob("*.npz")):
    name, x = path.stem, np.load(path)["x"]
    found[name] = case = {}
    archive, given, named = folder / f"{name}.keras", x, {"x": tf.constant(x)}
    if path.with_suffix(".csv").exists():
        sys.path.insert(0, str(archive))
        import raw_rows
        given = named = raw_rows.inputs(raw_rows.read(path.with_suffix(".csv")))
    zipfile.ZipFile(folder / f"{name}.zip").extractall(folder / name)
    loaded = tf.saved_model.load(folder / name / "savedmodel")
    case["saved_model"] = loaded.serve(given).numpy().tolist()
    case["signature"] = next(iter(loaded.signatures["serving_default"](**named).values())).numpy().tolist()
    lite = Interpreter(str(folder / f"{name}.tflite"))
    lite.resize_tensor_input(lite.get_input_details()[0]["index"], x.shape)
    lite.allocate_tensors()
    lite.set_tensor(lite.get_input_details()[0]["index"], x)
    lite.invoke()
    case["tflite"] = lite.get_tensor(lite.get_output_details()[0]["index"]).tolist()
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx")
    case["onnx"] = session.run(None, {"x": x})[0].tolist()
    case["beside"] = zipfile.ZipFile(folder / f"{name}.tflite").namelist()
    case["metadata"] = sorted(session.get_modelmeta().custom_metadata_map)
    if not archive.exists():
        continue
    sources = [member for member in zipfile.ZipFile(archive).namelist() if member.endswith(".py")]
    case["sources"] = sources = [source for source in sources if source != "raw_rows.py"]
    for source in sources:
        try:
            keras.models.load_model(archive)
            case["needs_source"] = False
        except TypeError as error:
            case["needs_source"] = "locate class" in str(error)
        zipfile.ZipFile(archive).extract(source, folder)
        __import__(source[:-3])
    model = keras.models.load_model(archive)
    case["keras"] = model.predict(given, verbose=0).tolist()
    case["is_compiled"] = bool(getattr(model, "optimizer", None))
    for variable in model.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    # Behind the inputs that are a table's columns is the model that was trained.
    trained = model if given is x else next(layer for layer in model.layers if isinstance(layer, keras.Model))
    trained.load_weights(folder / f"{name}.weights.h5")
    case["weights"] = model.predict(given, verbose=0).tolist()
assert "trainer" not in sys.modules
print(json.dumps(found))
"""
