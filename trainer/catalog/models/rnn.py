"""Recurrent networks: LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014, arXiv:1406.1078)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import MODELS


def needs_order(spec: DataSpec) -> str | None:
    """Returns why a model of sequences does not fit, or None."""
    if len(spec.input_shape) >= 2:
        return None
    count = spec.input_shape[0]
    noun = "number" if count == 1 else "numbers"
    return f"it reads sequences or the rows of images, and here each example is {count} {noun} in no order"


@MODELS.register(
    label="RNN",
    help="Recurrent network: reads a sequence step by step, or an image row by row, and keeps a memory.",
    accepts=needs_order,
    suits=lambda spec: len(spec.input_shape) == 2,
    order=4,
)
def rnn(
    data,
    head,
    seeds,
    *,
    cell: Annotated[
        Literal["lstm", "gru"],
        Field(
            description="The type of memory. *lstm* has a separate memory cell; *gru* is simpler and a little faster."
        ),
    ] = "lstm",
    units: Annotated[
        int, Field(ge=1, le=1024, description="The size of the memory that each layer passes from step to step.")
    ] = 64,
    layers: Annotated[int, Field(ge=1, le=8, description="The number of recurrent layers.")] = 1,
    bidirectional: Annotated[
        bool, Field(description="Also read from the end to the beginning. Doubles the work.")
    ] = False,
    dropout: Annotated[
        float,
        Field(ge=0, le=0.9, description="The fraction of values set to zero at random after each layer. Try 0.2."),
    ] = 0.0,
):
    """Builds recurrent layers over time and a dense layer on the last state.

    Args:
        data: the input, `DataSpec` of (steps, features), or of images: height steps of width × channels.
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        keras.Model from (batch, *input_shape) to (batch, head.units).
    """
    import keras

    from trainer.catalog.layers import predict_output, raw_input

    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]

    def read(is_last, **direction):
        return kind(
            units,
            return_sequences=not is_last,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seeds()),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seeds()),
            seed=seeds(),
            **direction,
        )

    inputs, x = raw_input(data)
    if data.is_image:
        height, width, channels = data.input_shape
        x = keras.layers.Reshape((height, width * channels))(x)
    for layer in range(layers):
        is_last = layer == layers - 1
        if bidirectional:
            # Both are given, because the wrapper would copy the seeds of the first.
            x = keras.layers.Bidirectional(read(is_last), backward_layer=read(is_last, go_backwards=True))(x)
        else:
            x = read(is_last)(x)
        if dropout:
            x = keras.layers.Dropout(dropout, seed=seeds())(x)
    return keras.Model(inputs, predict_output(x, data, head, seeds), name="rnn")
