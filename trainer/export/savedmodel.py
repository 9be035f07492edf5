"""The trained model for TensorFlow without Keras: TensorFlow Serving, C++, Java, …"""

from __future__ import annotations

import keyword
import tempfile
import zipfile
from pathlib import Path

from trainer.config.fitting import seen_by
from trainer.config.registry import EXPORTS, MODELS
from trainer.export.evaluation import describe_model
from trainer.export.model import trained
from trainer.export.rows import beside_rows, row_reader


@EXPORTS.register(
    name="savedmodel.zip",
    label="SavedModel",
    help="Any model for tf.saved_model.load and TensorFlow Serving, with a function serve(x) that takes raw data.",
    media_type="application/zip",
    source="best",
    order=6,
)
def savedmodel_zip(run, path: Path, source: str | int) -> None:
    """Writes `savedmodel/` with one function, `serve`: float32 raw x (batch, …) → float32 prediction.

    Of a table x is a dictionary of columns, as `row_reader` takes them. Of a GAN it is the generator, from noise
    (batch, latent) to images.
    """
    with trained(run, source) as learner, tempfile.TemporaryDirectory() as folder:
        reader = row_reader(run.spec) if run.spec.columns else None
        write_saved_model(learner.model, run.spec.input_shape, Path(folder), reader)
        task = seen_by(MODELS[run.config.model], run.spec).task
        beside = {"about.json": describe_model(run.spec, task)} | (beside_rows(run.spec) if reader else {})
        for name, content in beside.items():
            Path(folder, name).write_text(content, encoding="utf-8")
        # Weights hardly get smaller by compression; storing them is quick.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    archive.write(file, Path("savedmodel") / file.relative_to(folder))


def write_saved_model(model, input_shape: tuple[int, ...], folder: Path, reader=None) -> None:
    """Writes a model's prediction as a SavedModel.

    Args:
        model: a keras.Model, or a callable tf.Module.
        input_shape: of one example, where the model does not say what it takes.
        folder: it is written into.
        reader: a keras.Model that makes x of what comes in, or None.
    """
    import keras
    import tensorflow as tf

    from trainer.catalog.variables import raw

    is_keras = isinstance(model, keras.Model)
    shape = model.inputs[0].shape[1:] if getattr(model, "inputs", None) else input_shape
    x = tf.TensorSpec([None, *shape], tf.float32, name="x")
    # Nothing but variables and one function, so that no class has to be known in loading.
    module = tf.Module()
    module.weights = [raw(variable) for variable in model.variables]
    if reader is not None:
        x = column_specs(reader)
        module.tables = [layer.lookup_table for layer in reader.layers if hasattr(layer, "lookup_table")]

    def serve(x):
        rows = x if reader is None else reader(x)
        return model(rows, training=False) if is_keras else model(rows)

    module.serve = tf.function(serve, input_signature=[x], autograph=False)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})


def column_specs(reader) -> dict:
    """Returns what `serve` takes of a table; a signature's arguments cannot have every name that a column can."""
    import tensorflow as tf

    reserved = {"self", *keyword.kwlist}
    is_plain = all(name.isidentifier() and name.isascii() and name not in reserved for name in reader.input)
    # TensorFlow takes x and X for one name.
    is_plain = is_plain and len({name.lower() for name in reader.input}) == len(reader.input)
    return {
        name: tf.TensorSpec([None, 1], column.dtype, name=name if is_plain else f"column_{place}")
        for place, (name, column) in enumerate(reader.input.items())
    }
