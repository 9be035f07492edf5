"""Download: the weights alone, as Keras saves them."""

from __future__ import annotations

import os
from pathlib import Path

from trainer.analysis.trained import trained
from trainer.config.registry import EXPORTS
from trainer.export.model import keras_model
from trainer.export.suitability import needs_keras


@EXPORTS.register(
    name="weights.h5",
    label="Weights",
    help="The weights only. Load them with load_weights into the same model in your own code.",
    media_type="application/x-hdf5",
    group="model",
    refuse=needs_keras("weights.h5"),
    source="best",
    order=7,
)
def weights_h5(run, path: Path, source: str | int) -> None:
    """Writes the weights of the chosen checkpoint (by default the best); of a GAN the generator's."""
    with trained(run, source) as learner:
        # Keras requires this file ending, also when it loads the file.
        whole = path.with_name(f".{path.name}.weights.h5")
        try:
            keras_model(learner, "weights.h5").save_weights(whole)
            os.replace(whole, path)
        finally:
            whole.unlink(missing_ok=True)
