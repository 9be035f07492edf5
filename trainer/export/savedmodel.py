"""Download: the trained model for TensorFlow without Keras: TensorFlow Serving, C++, Java, …"""

from __future__ import annotations

import keyword
import tempfile
import zipfile
from pathlib import Path

from trainer.analysis.rows import row_files, row_reader
from trainer.analysis.trained import trained
from trainer.config.fitting import seen_by
from trainer.config.registry import EXPORTS, MODELS
from trainer.export.evaluation import describe_model


@EXPORTS.register(
    name="savedmodel.zip",
    label="SavedModel",
    help="The trained model for tf.saved_model.load and TensorFlow Serving. Its function serve(x) takes raw data.",
    media_type="application/zip",
    group="model",
    source="best",
    order=6,
)
def savedmodel_zip(run, path: Path, source: str | int) -> None:
    """Writes `savedmodel/` with one function, `serve`: float32 raw x (batch, …) → float32 prediction.

    For a table, x is a dictionary of columns, as `row_reader` takes them. For a GAN it is the generator, from
    noise (batch, latent) to images.
    """
    with trained(run, source) as learner, tempfile.TemporaryDirectory() as folder:
        reader = row_reader(run.spec) if run.spec.columns else None
        write_saved_model(learner.model, run.spec.input_shape, Path(folder), reader)
        task = seen_by(MODELS[run.config.model], run.spec).task
        extra = {"about.json": describe_model(run.spec, task)} | (row_files(run.spec) if reader else {})
        for name, content in extra.items():
            Path(folder, name).write_text(content, encoding="utf-8")
        # Weights hardly compress, and storing them is fast.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    archive.write(file, Path("savedmodel") / file.relative_to(folder))


def write_saved_model(model, input_shape: tuple[int, ...], folder: Path, reader=None) -> None:
    """Writes a model's prediction as a SavedModel.

    Args:
        model: a keras.Model, or a callable tf.Module.
        input_shape: of one example, used if the model does not define its inputs.
        folder: the folder to write into.
        reader: a keras.Model that turns the inputs into x, or None.
    """
    import keras
    import tensorflow as tf

    from trainer.catalog.variables import raw

    is_keras = isinstance(model, keras.Model)
    shape = model.inputs[0].shape[1:] if getattr(model, "inputs", None) else input_shape
    x = tf.TensorSpec([None, *shape], tf.float32, name="x")
    # Only variables and one function, so that loading needs no class of this project.
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
    """Returns the inputs of `serve` for a table. Columns whose names a signature cannot have are numbered."""
    import tensorflow as tf

    reserved = {"self", *keyword.kwlist}
    is_plain = all(name.isidentifier() and name.isascii() and name not in reserved for name in reader.input)
    # TensorFlow treats x and X as one name.
    is_plain = is_plain and len({name.lower() for name in reader.input}) == len(reader.input)
    return {
        name: tf.TensorSpec([None, 1], column.dtype, name=name if is_plain else f"column_{index}")
        for index, (name, column) in enumerate(reader.input.items())
    }
