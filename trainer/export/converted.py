"""Downloads: the trained model for phones (TensorFlow Lite) and for other frameworks (ONNX)."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from trainer.analysis.rows import codes_by_value, row_files
from trainer.analysis.trained import trained
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import EXPORTS, MODELS
from trainer.errors import ExportError
from trainer.export.evaluation import describe_model

#: The newest operators that ONNX Runtime, TensorRT and OpenVINO all know.
_OPSET = 17


@EXPORTS.register(
    name="model.tflite",
    label="TensorFlow Lite model",
    help="For phones and small devices: open it with LiteRT (ai_edge_litert) or TensorFlow Lite.",
    media_type="application/octet-stream",
    group="model",
    source="best",
    order=10,
)
def model_tflite(run, path: Path, source: str | int) -> None:
    """Converts the model to TensorFlow Lite: float32 x (batch, …) → float32 prediction.

    `about.json` and, for a table, `encoding.json`, `rows.json` and `raw_rows.py` are appended as a zip, as the format
    provides for: `zipfile.ZipFile("model.tflite")` reads them. A table's model takes encoded rows.
    """
    import tensorflow as tf

    with trained(run, source) as learner:
        serve = _serve(_unrolled(learner.model), run.spec.input_shape)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([serve.get_concrete_function()], tf.Module())
        try:
            content = converter.convert()
        except Exception as error:  # The converter raises many kinds.
            raise _refusal("model.tflite", error) from error
    extra = io.BytesIO()
    with zipfile.ZipFile(extra, "w") as archive:
        for name, text in _beside(run).items():
            archive.writestr(name, text)
    path.write_bytes(content + extra.getvalue())


@EXPORTS.register(
    name="model.onnx",
    label="ONNX model",
    help="For ONNX Runtime and other frameworks: PyTorch, .NET, the browser.",
    media_type="application/octet-stream",
    group="model",
    source="best",
    order=11,
)
def model_onnx(run, path: Path, source: str | int) -> None:
    """Converts the model to ONNX: float32 x (batch, …) → float32 prediction.

    `about.json` and, for a table, `encoding.json`, `rows.json` and `raw_rows.py` are in the model's metadata
    (`metadata_props`). A table's model takes encoded rows.
    """
    import onnx
    import tf2onnx

    with trained(run, source) as learner:
        serve = _serve(_without_gelu(learner.model), run.spec.input_shape)
        try:
            model, _ = tf2onnx.convert.from_function(serve, input_signature=serve.input_signature, opset=_OPSET)
        except Exception as error:  # The converter raises many kinds.
            raise _refusal("model.onnx", error) from error
    for name, text in _beside(run).items():
        model.metadata_props.add(key=name, value=text)
    onnx.save_model(model, str(path))


def _serve(model, input_shape: tuple[int, ...]):
    """Returns a function of one tensor x, float32 (batch, …)."""
    import keras
    import tensorflow as tf

    is_keras = isinstance(model, keras.Model)
    shape = model.inputs[0].shape[1:] if getattr(model, "inputs", None) else input_shape
    signature = [tf.TensorSpec([None, *shape], tf.float32, name="x")]
    return tf.function(
        lambda x: model(x, training=False) if is_keras else model(x), input_signature=signature, autograph=False
    )


def _unrolled(model):
    """Returns the model with recurrent layers unrolled: TensorFlow Lite has no loop over the lists that they use."""
    import keras

    def clone(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.RNN):
            config["unroll"] = True
        elif isinstance(layer, keras.layers.Bidirectional):
            for half in (config["layer"], config.get("backward_layer")):
                if half:
                    half["config"]["unroll"] = True
        else:
            return None
        return type(layer).from_config(config)

    return _rebuilt(model, clone)


def _without_gelu(model):
    """Returns the model with GELU written with erf: ONNX does not know erfc, which TensorFlow uses."""
    import keras
    import tensorflow as tf

    def clone(layer):
        config = layer.get_config()
        if config.get("activation") != "gelu":
            return None
        made = type(layer).from_config(config | {"activation": "linear"})
        made.activation = lambda x: 0.5 * x * (1 + tf.math.erf(x / 2**0.5))
        return made

    return _rebuilt(model, clone) if isinstance(model, keras.Model) else model


def _rebuilt(model, clone):
    """Returns the model with the layers for which `clone` returns another one; the weights are the same."""
    import keras

    if type(model).__name__ not in ("Functional", "Sequential"):
        return model
    changed = {layer.name: made for layer in model.layers if (made := clone(layer)) is not None}
    if not changed:
        return model
    # The other layers are used as they are.
    rebuilt = keras.models.clone_model(model, clone_function=lambda layer: changed.get(layer.name, layer))
    for name, layer in changed.items():
        layer.set_weights(model.get_layer(name).get_weights())
    return rebuilt


def _beside(run) -> dict[str, str]:
    """Returns the texts that go with a converted model, by name."""
    task = seen_by(MODELS[run.config.model], run.spec).task
    texts = {"about.json": describe_model(run.spec, task)}
    return texts | ({"encoding.json": describe_encoding(run.spec)} | row_files(run.spec) if run.spec.columns else {})


def describe_encoding(spec: DataSpec) -> str:
    """Returns how a table's row becomes the numbers that the model takes, in order, as JSON.

    A number stays as it is, NaN where it is missing. A category becomes its code; any other value becomes 0.
    """
    columns = []
    for column in spec.columns:
        described: dict = {"name": column.name, "kind": column.kind}
        if column.kind == "category":
            codes = {value: int(code) for value, code in codes_by_value(column).items()}
            described |= {"missing": codes.pop(""), "other": 0, "codes": codes}
        columns.append(described)
    return json.dumps({"x": "float32 (batch, columns)", "columns": columns}, indent=2)


def _refusal(kind: str, error: Exception) -> ExportError:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return ExportError(f"This model cannot be converted to {kind}: {first[:200]} Download savedmodel.zip instead.")
