"""How far predicted numbers are from the target, in standard deviations of the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from trainer.catalog.needs import needs_numbers, needs_numbers_or_inputs
from trainer.config.data_spec import DataSpec
from trainer.config.registry import LOSSES


def in_standard_deviations(loss: Callable, data: DataSpec) -> Callable:
    """Returns `loss` of y and prediction in standard deviations of the target.

    A learning rate then means the same whatever the unit of the target. A reconstruction's target is scaled already.
    """
    scale = 1.0 / data.target_std if data.task == "regression" else 1.0
    return loss if scale == 1.0 else lambda y, prediction: loss(y * scale, prediction * scale)


@LOSSES.register(
    label="Mean squared error",
    help="The usual choice for numbers. Penalizes large errors most. In squared standard deviations of the target.",
    accepts=needs_numbers_or_inputs,
    head="linear",
    keras_name="mean_squared_error",
    order=4,
)
def mean_squared_error(data: DataSpec):
    """Returns the mean of (y - prediction)², in squared standard deviations of the target."""
    import keras

    return in_standard_deviations(keras.losses.MeanSquaredError(), data)


@LOSSES.register(
    label="Mean absolute error",
    help="Penalizes each error by its size, so outliers count less. In standard deviations of the target.",
    accepts=needs_numbers_or_inputs,
    head="linear",
    keras_name="mean_absolute_error",
    order=5,
)
def mean_absolute_error(data: DataSpec):
    """Returns the mean of |y - prediction|, in standard deviations of the target."""
    import keras

    return in_standard_deviations(keras.losses.MeanAbsoluteError(), data)


@LOSSES.register(
    label="Huber",
    help="Squared for small errors, linear for large ones. Try it when the data has outliers.",
    accepts=needs_numbers,
    head="linear",
    keras_name="huber",
    order=6,
)
def huber(
    data: DataSpec,
    *,
    delta: Annotated[
        float,
        Field(gt=0, le=1000, description="Where the loss turns linear, in standard deviations of the target."),
    ] = 1.0,
):
    """Returns the mean of the Huber loss, in standard deviations of the target (Huber 1964)."""
    import keras

    return in_standard_deviations(keras.losses.Huber(delta=delta), data)
