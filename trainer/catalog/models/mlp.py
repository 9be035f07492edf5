"""A multi-layer perceptron (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import MODELS


def count_parameters(spec: DataSpec, options: dict, outputs: int) -> int:
    """Returns how many numbers the model learns or keeps, without building it."""
    width, layers = options["units"], options["layers"]
    # A neuron has a bias, with batch norm four numbers more, and where it is learned an activation.
    each = width * (1 + 4 * options["batch_norm"] + (options["activation"] == "learned"))
    return spec.features * width + (layers - 1) * width**2 + layers * each + (width + 1) * outputs


@MODELS.register(
    label="MLP",
    help="Fully connected layers: a good first choice for any data.",
    count_parameters=count_parameters,
    order=1,
)
def mlp(
    data,
    head,
    seeds,
    *,
    layers: Annotated[int, Field(ge=1, le=16, description="How many hidden layers.")] = 2,
    units: Annotated[int, Field(ge=1, le=4096, description="Neurons in each hidden layer.")] = 128,
    activation: Annotated[
        Literal["relu", "tanh", "gelu", "silu", "sigmoid", "learned"],
        Field(
            description="What each neuron does with its sum; relu is the usual choice. learned: each finds its own "
            "between a straight line and relu."
        ),
    ] = "relu",
    dropout: Annotated[
        float, Field(ge=0, le=0.9, description="The part of neurons switched off at random in each step; try 0.2.")
    ] = 0.0,
    batch_norm: Annotated[
        bool, Field(title="Batch norm", description="Standardize each layer's values over the batch.")
    ] = False,
):
    """Builds hidden layers of equal width: dense, batch norm, activation, dropout.

    A learned activation is `LearnedSwish`, a layer of our own with a weight for each neuron.

    Args:
        data: what comes in, `DataSpec`.
        head: what goes out, `Head`.
        seeds: `Seeds`.

    Returns:
        keras.Model from (batch, *input_shape) to (batch, head.units).
    """
    import keras

    from trainer.catalog.custom.learned_swish import LearnedSwish
    from trainer.catalog.layers import dense, predict_output, raw_input

    is_learned = activation == "learned"
    inputs, x = raw_input(data)
    x = keras.layers.Flatten()(x)
    for _ in range(layers):
        x = dense(units, seeds, activation=None if batch_norm or is_learned else activation)(x)
        if batch_norm:
            x = keras.layers.BatchNormalization()(x)
        if is_learned:
            x = LearnedSwish()(x)
        elif batch_norm:
            x = keras.layers.Activation(activation)(x)
        if dropout:
            x = keras.layers.Dropout(dropout, seed=seeds())(x)
    return keras.Model(inputs, predict_output(x, data, head, seeds), name="mlp")
