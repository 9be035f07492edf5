"""Which attribution fits which run."""

from __future__ import annotations

from typing import Literal

from trainer.analysis.evaluation.predicting import why_nothing
from trainer.config.fitting import seen_by
from trainer.config.registry import MODELS

Kind = Literal["table", "image", "sequence"]


def why_not_attributed(run) -> str | None:
    """Returns why nothing can be said about what mattered, as a sentence; None if it can."""
    if run.spec is not None:
        task = seen_by(MODELS[run.config.model], run.spec).task
        if task == "reconstruction":
            return (
                "An autoencoder predicts its own input, so every input matters by design. "
                "Evaluation shows which examples it copies well."
            )
        if task == "generation":
            return "A GAN turns noise into images: there are no inputs whose part in a prediction could be measured."
        if kind_of(run) is None:
            return f"Inputs of the shape {run.spec.input_shape} have no view here. Predictions and downloads work."
    return why_nothing(run)


def kind_of(run) -> Kind | None:
    """Returns what one example of a started run is; None for other shapes."""
    return {1: "table", 2: "sequence", 3: "image"}.get(len(run.spec.input_shape))
