"""Whether a download is possible for a run."""

from __future__ import annotations

from trainer.config.registry import EXPORTS, MODELS


def why_never(run, kind: str) -> str | None:
    """Returns why a download is impossible for a run, as a sentence; None if it is possible, now or later.

    Args:
        run: a `Run`, of any status.
        kind: an entry of `EXPORTS`.

    Raises:
        ConfigError: there is no such kind.
    """
    refuse = EXPORTS[kind].traits.refuse
    return refuse(run) if refuse else None


def needs_keras(kind: str):
    """Returns a `refuse` for downloads that need a Keras model."""

    def refuse(run) -> str | None:
        model = run.config.model
        is_keras = model not in MODELS or MODELS[model].traits.is_keras
        return None if is_keras else refusal_of_module(kind)

    return refuse


def refusal_of_module(kind: str) -> str:
    """Returns the sentence for a model of raw variables."""
    return (
        f"{kind} cannot be made from this model, because it is a tf.Module and not a Keras model. "
        "Download savedmodel.zip instead, which every TensorFlow program can load."
    )
