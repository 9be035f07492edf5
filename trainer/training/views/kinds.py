"""Which view shows a model of some data."""

from __future__ import annotations

from trainer.config.data_spec import DataSpec

#: The largest number of classes whose confusion matrix, or whose surfaces, are still readable.
MOST_CLASSES, MOST_SURFACES = 100, 20
#: The examples are images, sequences, or rows of plain numbers.
_PICTURED = ("classification", "multilabel")


def view_kind(goal: DataSpec) -> str | None:
    """Returns the kind of view for a model, or None if there is none.

    Args:
        goal: the data as the model sees it: with the model's own task.
    """
    if goal.task == "generation":
        return "generated" if goal.is_image else None
    if goal.task == "reconstruction":
        return "reconstructions" if goal.is_image else "errors"
    inputs = _plain_inputs(goal)
    if goal.task != "multilabel" and inputs in (1, 2) and (goal.num_classes or 0) <= MOST_SURFACES:
        return "line" if inputs == 1 else "surface"
    if goal.is_image and goal.task in _PICTURED:
        return "images"
    if len(goal.input_shape) == 2 and goal.task == "classification":
        return "sequences"
    if goal.task == "regression":
        return "agreement"
    if (goal.num_classes or 0) > MOST_CLASSES:
        return None
    return {"classification": "confusion", "multilabel": "labels"}.get(goal.task)


def _plain_inputs(goal: DataSpec) -> int:
    """Returns how many numbers an example is; 0 if it is anything else."""
    is_plain = len(goal.input_shape) == 1 and all(column.kind == "number" for column in goal.columns)
    return goal.input_shape[0] if is_plain else 0
