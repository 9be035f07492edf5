"""A model as a subclass of keras.Model, as many tutorials write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.config.registry import MODELS


@MODELS.register(
    label="MLP (subclass)",
    help="Two dense layers in a subclass of keras.Model. A template for your own model.",
    order=9,
)
def subclassed(
    data,
    head,
    seeds,
    *,
    hidden_size: Annotated[
        int, Field(ge=1, le=8192, title="Hidden size", description="The number of neurons in the hidden layer.")
    ] = 64,
):
    """Builds a hidden dense layer with relu and a dense layer for the prediction.

    Args:
        data: the input, `DataSpec`.
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        TwoLayers, built: from (batch, *input_shape) to (batch, head.units).
    """
    import keras

    from trainer.catalog.custom.two_layers import TwoLayers
    from trainer.catalog.layers import raw_input

    model = TwoLayers(
        hidden_size,
        head.units,
        head.activation,
        rescale=data.rescale,
        standardize=data.standardize and not data.columns,
        encoder=keras.Model(*raw_input(data), name="encoder") if data.columns else None,
        scale=data.target_std if head.activation == "linear" else 1.0,
        offset=data.target_mean if head.activation == "linear" else 0.0,
        seeds=(seeds(), seeds()),
        name="subclassed",
    )
    model.build((None, *data.input_shape))
    if data.mean and not data.columns:
        model.set_statistics(data.mean, data.variance)
    return model
