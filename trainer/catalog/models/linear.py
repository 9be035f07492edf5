"""A linear model: linear regression, or softmax regression for classes (Cox 1958)."""

from __future__ import annotations

from trainer.config.registry import MODELS


@MODELS.register(
    label="Linear",
    help="Linear or softmax regression: one unit per output. A quick baseline for every other model.",
    order=2,
)
def linear(data, head, seeds):
    """Builds one dense layer from the inputs to the prediction.

    Args:
        data: the input, `DataSpec`.
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        keras.Model from (batch, *input_shape) to (batch, head.units).
    """
    import keras

    from trainer.catalog.layers import predict_output, raw_input

    inputs, x = raw_input(data)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, predict_output(x, data, head, seeds), name="linear")
