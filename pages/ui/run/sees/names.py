"""What inputs, classes and the target of a run are called."""

from __future__ import annotations

from dataclasses import dataclass

from trainer import Run


@dataclass(frozen=True)
class Names:
    """Words of the user's data, not escaped.

    Attributes:
        inputs: of the columns or features; "input 1", … where they have no names.
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
    inputs = tuple(column.name for column in spec.columns) or spec.feature_names
    inputs = inputs or tuple(f"input {place + 1}" for place in range(spec.input_shape[-1]))
    return Names(inputs, spec.class_labels, str(run.config.dataset_options.get("target") or "target"))
