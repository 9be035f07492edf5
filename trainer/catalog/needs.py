"""Which tasks a loss or metric fits: ready-made `accepts` traits."""

from __future__ import annotations

from collections.abc import Callable

from trainer.config.data_spec import GOALS, DataSpec


def needs(*tasks: str, what: str) -> Callable[[DataSpec], str | None]:
    """Returns an `accepts` for some tasks.

    Args:
        tasks: those that fit.
        what: what the loss or metric does, as a clause: "it compares classes".
    """
    return lambda spec: None if spec.task in tasks else f"{what}, and here {GOALS[spec.task]}"


needs_classes = needs("classification", what="it compares classes")
needs_classes_or_labels = needs("classification", "multilabel", what="it compares classes")
needs_labels = needs("multilabel", what="it checks whether all labels of an example are right")
needs_numbers = needs("regression", what="it measures the error of a predicted number")
needs_numbers_or_inputs = needs("regression", "reconstruction", what="it measures the error of predicted numbers")
needs_scores = needs("generation", what="it compares generated examples with real ones")
