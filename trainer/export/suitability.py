"""Whether a run can ever give a download."""

from __future__ import annotations

from trainer.config.registry import EXPORTS, MODELS


def why_never(run, kind: str) -> str | None:
    """Returns why a run can never give a download, as a sentence for people; None if it can, now or later.

    Args:
        run: a `Run`, of any status.
        kind: an entry of `EXPORTS`.

    Raises:
        ConfigError: there is no such kind.
    """
    refuse = EXPORTS[kind].traits.refuse
    return refuse(run) if refuse else None


def needs_keras(kind: str):
    """Returns a `refuse` for downloads that only a Keras model can give."""

    def refuse(run) -> str | None:
        model = run.config.model
        is_keras = model not in MODELS or MODELS[model].traits.is_keras
        return None if is_keras else refusal_of_module(kind)

    return refuse


def refusal_of_module(kind: str) -> str:
    """Returns the sentence for a model of raw variables."""
    return (
        f"{kind} cannot be made of this model, because it is a tf.Module of raw variables and not a Keras model. "
        "Download savedmodel.zip instead, which every TensorFlow program can load."
    )
