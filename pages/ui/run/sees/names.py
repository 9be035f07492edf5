"""What inputs, classes and the target of a run are called."""

from __future__ import annotations

from dataclasses import dataclass

from pages.ui.catalogue import target_name
from trainer import Run


@dataclass(frozen=True)
class Names:
    """Words of the user's data, not escaped.

    Attributes:
        inputs: of the columns or features; numbered where they have no names.
        classes: of the classes or labels.
        target: what is predicted.
    """

    inputs: tuple[str, ...]
    classes: tuple[str, ...]
    target: str


def names_of(run: Run) -> Names:
    """Returns the names in a run's data."""
    spec = run.spec
    if spec is None:
        return Names((), (), "target")
    return Names(spec.input_names, spec.class_labels, target_name(run))
