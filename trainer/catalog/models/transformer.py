"""A small transformer encoder (Vaswani et al. 2017, arXiv:1706.03762; for images Dosovitskiy et al. 2021,
arXiv:2010.11929)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from trainer.catalog.models.rnn import needs_order
from trainer.config.data_spec import DataSpec
from trainer.config.registry import MODELS
from trainer.errors import ConfigError


def check_heads(options: dict) -> None:
    """Raises ConfigError if the heads do not divide the units evenly."""
    units, heads = options["units"], options["heads"]
    if units % heads:
        raise ConfigError(
            f"heads (model transformer) must divide units ({units}) evenly. Received: {heads}. Choose 1, 2 or 4 heads, "
            f"or units that are a multiple of {heads}.",
            "heads",
        )


def check_patch(spec: DataSpec, options: dict) -> None:
    """Raises ConfigError if a patch is larger than the image."""
    if spec.is_image and options["patch"] > min(spec.input_shape[:2]):
        height, width = spec.input_shape[:2]
        raise ConfigError(
            f"patch (model transformer) must be at most {min(height, width)} for images of {height}×{width} pixels. "
            f"Received: {options['patch']}. Choose a smaller patch.",
            "patch",
        )


def positions(steps: int, units: int) -> np.ndarray:
    """Returns the positional encoding of a sequence: sines and cosines, float32 (steps, units), in [-1, 1].

    Vaswani et al. 2017, §3.5.
    """
    column = np.arange(units)
    angle = np.arange(steps)[:, None] / 10_000 ** (2 * (column // 2) / units)
    return np.where(column % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)


@MODELS.register(
    label="Transformer",
    help="Attention between all patches of an image, or all steps of a sequence.",
    accepts=needs_order,
    check=check_heads,
    check_data=check_patch,
    order=5,
)
def transformer(
    data,
    head,
    seeds,
    *,
    layers: Annotated[int, Field(ge=1, le=12, description="The number of attention blocks.")] = 2,
    units: Annotated[int, Field(ge=4, le=512, description="The size of the embedding of each patch or step.")] = 64,
    heads: Annotated[
        int,
        Field(ge=1, le=16, description="The number of attention heads in each block. Must divide the units evenly."),
    ] = 4,
    patch: Annotated[
        int,
        Field(
            ge=1, le=64, description="For images: the side of a patch in pixels. Smaller patches are finer and slower."
        ),
    ] = 4,
    dropout: Annotated[
        float,
        Field(ge=0, le=0.9, description="The fraction of values set to zero at random per step. Try 0.1."),
    ] = 0.0,
):
    """Builds an embedding with positions, then residual blocks of attention and a two-layer MLP.

    Normalization comes before attention and MLP (Xiong et al. 2020, arXiv:2002.04745), so that no warm-up is needed.

    Args:
        data: the input, `DataSpec` of (steps, features), or of images, whose patches are the steps.
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        keras.Model from (batch, *input_shape) to (batch, head.units).
    """
    import keras

    from trainer.catalog.layers import dense, predict_output, raw_input

    def drop(x):
        return keras.layers.Dropout(dropout, seed=seeds())(x) if dropout else x

    inputs, x = raw_input(data)
    if data.is_image:
        initializer = keras.initializers.GlorotUniform(seed=seeds())
        x = keras.layers.Conv2D(units, patch, strides=patch, kernel_initializer=initializer, name="patches")(x)
        x = keras.layers.Reshape((-1, units))(x)
    else:
        x = dense(units, seeds)(x)
    # A built-in layer that adds a constant, so that the downloaded model loads anywhere.
    x = drop(keras.layers.Rescaling(1.0, offset=positions(x.shape[1], units).tolist(), name="positions")(x))
    for _ in range(layers):
        y = keras.layers.LayerNormalization(epsilon=1e-6)(x)
        attention = keras.layers.MultiHeadAttention(heads, units // heads, dropout=dropout, seed=seeds())
        y = attention(y, y)
        # Keras initializes query, key and value with clones of one initializer, so they would be equal.
        for variable in attention.trainable_variables:
            if variable.path.endswith("kernel"):
                variable.assign(keras.initializers.GlorotUniform(seed=seeds())(variable.shape))
        x = keras.layers.Add()([x, drop(y)])
        y = keras.layers.LayerNormalization(epsilon=1e-6)(x)
        y = dense(units, seeds)(dense(2 * units, seeds, activation="gelu")(y))
        x = keras.layers.Add()([x, drop(y)])
    x = keras.layers.LayerNormalization(epsilon=1e-6)(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, predict_output(x, data, head, seeds), name="transformer")
