"""A multi-layer perceptron (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import MODELS


def count_parameters(spec: DataSpec, options: dict, outputs: int) -> int:
    """Returns how many weights the model has, without building it."""
    width, layers = options["units"], options["layers"]
    # A neuron has a bias, four more weights with batch norm, and one more with a learned activation.
    each = width * (1 + 4 * options["batch_norm"] + (options["activation"] == "learned"))
    return spec.features * width + (layers - 1) * width**2 + layers * each + (width + 1) * outputs


@MODELS.register(
    label="MLP",
    help="Multi-layer perceptron: fully connected layers. A good first choice for any data.",
    count_parameters=count_parameters,
    order=1,
)
def mlp(
    data,
    head,
    seeds,
    *,
    layers: Annotated[int, Field(ge=1, le=16, description="The number of hidden layers.")] = 2,
    units: Annotated[int, Field(ge=1, le=4096, description="Neurons in each hidden layer.")] = 128,
    activation: Annotated[
        Literal["relu", "tanh", "gelu", "silu", "sigmoid", "learned"],
        Field(
            description="The nonlinear function after each layer. *relu* is the usual choice. *learned*: each neuron "
            "learns a shape between a straight line and relu."
        ),
    ] = "relu",
    dropout: Annotated[
        float,
        Field(
            ge=0, le=0.9, description="The fraction of neurons set to zero at random in each training step. Try 0.2."
        ),
    ] = 0.0,
    batch_norm: Annotated[
        bool,
        Field(title="Batch norm", description="Batch normalization: standardize each layer's outputs over the batch."),
    ] = False,
):
    """Builds hidden layers of equal width: dense, batch norm, activation, dropout.

    A learned activation is `LearnedSwish`, a custom layer with one weight per neuron.

    Args:
        data: the input, `DataSpec`.
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        keras.Model from (batch, *input_shape) to (batch, head.units).
    """
    import keras

    from trainer.catalog.custom.learned_swish import LearnedSwish
    from trainer.catalog.layers import dense, predict_output, raw_input
    from trainer.catalog.layers import dropout as drop

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
            x = drop(dropout, seeds)(x)
    return keras.Model(inputs, predict_output(x, data, head, seeds), name="mlp")
