"""The trained model for TensorFlow without Keras: TensorFlow Serving, C++, Java, …"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from trainer.export.model import trained
from trainer.registry import EXPORTS


@EXPORTS.register(
    name="savedmodel.zip",
    label="SavedModel",
    help="Any model for tf.saved_model.load and TensorFlow Serving, with a function serve(x) that takes raw data.",
    media_type="application/zip",
    order=6,
)
def savedmodel_zip(run, path: Path) -> None:
    """Writes `savedmodel/` with one function, `serve`: float32 raw x (batch, …) → float32 prediction.

    Of a GAN it is the generator, from noise (batch, latent) to images.
    """
    with trained(run) as learner, tempfile.TemporaryDirectory() as folder:
        write_saved_model(learner.model, run.spec.input_shape, Path(folder))
        # Weights hardly get smaller by compression; storing them is quick.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    archive.write(file, Path("savedmodel") / file.relative_to(folder))


def write_saved_model(model, input_shape: tuple[int, ...], folder: Path) -> None:
    """Writes a model's prediction as a SavedModel.

    Args:
        model: a keras.Model, or a callable tf.Module.
        input_shape: of one example, where the model does not say what it takes.
        folder: it is written into.
    """
    import keras
    import tensorflow as tf

    from trainer.learners.learner import raw

    is_keras = isinstance(model, keras.Model)
    shape = model.inputs[0].shape[1:] if getattr(model, "inputs", None) else input_shape
    x = tf.TensorSpec([None, *shape], tf.float32, name="x")
    # Nothing but variables and one function, so that no class has to be known in loading.
    module = tf.Module()
    module.weights = [raw(variable) for variable in model.variables]
    module.serve = tf.function(
        lambda x: model(x, training=False) if is_keras else model(x), input_signature=[x], autograph=False
    )
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
