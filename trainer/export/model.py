"""The trained model, as Keras saves it."""

from __future__ import annotations

import os
from pathlib import Path

from trainer.build import build_learner
from trainer.checkpoint import newest_state, restore
from trainer.errors import ExportError
from trainer.registry import EXPORTS, LOSSES


@EXPORTS.register(
    name="model.keras",
    label="Trained model",
    help="The model of the newest checkpoint for keras.models.load_model. It takes raw data: scaling is inside.",
    media_type="application/octet-stream",
    order=1,
)
def model_keras(run, path: Path) -> None:
    """Rebuilds the model from the config, restores the newest checkpoint and saves it compiled."""
    # Keras chooses the format by the file's ending, which a temporary name may lack.
    whole = path.with_name(f".{path.name}.keras")
    checkpoint, arrays, _ = newest_state(run.path / "checkpoints")
    if checkpoint is None or run.spec is None:
        raise ExportError("There is no checkpoint yet. Pause the run, or wait for its first checkpoint.")
    learner = build_learner(run.config, run.spec)
    try:
        restore(learner, arrays)
        loss = LOSSES[run.config.loss]
        model = learner.model
        # Compiled with what Keras knows, so that evaluate() and fit() work without this project.
        model.compile(
            optimizer=type(learner.optimizer).from_config(learner.optimizer.get_config()),
            loss=loss.traits.get("keras_name", loss.name),
            metrics=[metric for metric in learner.metrics if type(metric).__module__.startswith("keras.")],
        )
        model.save(whole)
        os.replace(whole, path)
    finally:
        learner.release()
        whole.unlink(missing_ok=True)
