"""Download: the trained model, as Keras saves it."""

from __future__ import annotations

import inspect
import os
import sys
import zipfile
from pathlib import Path

from trainer.analysis.rows import row_files, with_named_inputs
from trainer.analysis.trained import trained
from trainer.config.fitting import seen_by
from trainer.config.registry import EXPORTS, MODELS
from trainer.errors import ExportError
from trainer.export.evaluation import compile_model, describe_model
from trainer.export.suitability import needs_keras, refusal_of_module


@EXPORTS.register(
    name="model.keras",
    label="Trained model",
    help="For keras.models.load_model. It takes raw data and includes class names and custom classes.",
    media_type="application/octet-stream",
    group="model",
    refuse=needs_keras("model.keras"),
    source="best",
    order=1,
)
def model_keras(run, path: Path, source: str | int) -> None:
    """Rebuilds the model from the config, restores a checkpoint and saves it compiled.

    For a GAN it is the generator. If a model has custom classes, the file also contains their source:
    extract it (`unzip model.keras "*.py"`), import it, and the model loads.

    `about.json` in the file names the classes in the order of the prediction, and says what `evaluate` returns. For
    a table the model has one input per column (`with_named_inputs`), and `raw_rows.py` makes them from a file's rows.
    """
    with trained(run, source) as learner:
        model = keras_model(learner, "model.keras")
        extra = custom_sources(model)
        if run.spec.columns:
            model = with_named_inputs(model, run.spec)
            extra |= row_files(run.spec)
        evaluate = compile_model(model, run.config, run.spec, learner)
        task = seen_by(MODELS[run.config.model], run.spec).task
        extra["about.json"] = describe_model(run.spec, task, evaluate)
        # Keras chooses the format by the file ending, which a temporary name may lack.
        whole = path.with_name(f".{path.name}.keras")
        try:
            save(model, whole)
            with zipfile.ZipFile(whole, "a") as archive:
                for name, source in extra.items():
                    archive.writestr(name, source)
            os.replace(whole, path)
        finally:
            whole.unlink(missing_ok=True)


def keras_model(learner, kind: str):
    """Returns the learner's model, made of layers that load without this project where Keras has them.

    Raises:
        ExportError: it is not a Keras model, which `kind` needs.
    """
    import keras

    if not isinstance(learner.model, keras.Model):
        raise ExportError(refusal_of_module(kind))
    from trainer.catalog.dropout import with_keras_dropout

    return with_keras_dropout(learner.model)


def save(model, path: Path) -> None:
    """Writes a model in Keras's format.

    Raises:
        ExportError: Keras cannot serialize it.
    """
    try:
        model.save(path)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ExportError(
            f"Keras cannot save this model as model.keras: {str(error).splitlines()[0]} "
            "Download savedmodel.zip instead, or weights.h5 for the weights only."
        ) from error


def custom_sources(model) -> dict[str, str]:
    """Returns the source of the model's custom classes, which Keras does not know, by file name."""
    modules = {type(layer).__module__ for layer in (model, *model.layers)}
    return {
        f"{name.rpartition('.')[2]}.py": inspect.getsource(sys.modules[name])
        for name in sorted(modules)
        if name.startswith("trainer.catalog.custom.")
    }
