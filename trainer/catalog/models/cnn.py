"""A convolutional network (LeCun et al. 1998, doi:10.1109/5.726791)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import MODELS
from trainer.errors import ConfigError


def needs_images(spec: DataSpec) -> str | None:
    """Returns why the model does not fit, or None."""
    if spec.is_image:
        return None
    shape = "×".join(map(str, spec.input_shape))
    return f"it needs images, and here each example is {shape} number{'' if spec.input_shape == (1,) else 's'}"


def check_blocks(spec: DataSpec, options: dict) -> None:
    """Raises ConfigError if the image is too small to be halved by every block."""
    most = min(spec.input_shape[:2]).bit_length() - 1
    if options["blocks"] > most:
        height, width = spec.input_shape[:2]
        limit = f"at most {most}" if most else "0, so this model cannot be used"
        raise ConfigError(
            f"blocks (model cnn) must be {limit} for images of {height}×{width} pixels, because each block halves "
            f"the image. Received: {options['blocks']}. Choose {'fewer blocks' if most else 'another model'}.",
            "blocks",
        )


def count_parameters(spec: DataSpec, options: dict, outputs: int) -> int:
    """Returns how many weights the model has, without building it."""
    height, width, channels = spec.input_shape
    total = 0
    for block in range(options["blocks"]):
        filters = options["filters"] * 2**block
        total += (9 * channels + 1) * filters
        height, width, channels = height // 2, width // 2, filters
    return total + (height * width * channels + 1) * 128 + 129 * outputs


@MODELS.register(
    label="CNN",
    help="Convolutional network: finds small patterns anywhere in an image. The first choice for images.",
    accepts=needs_images,
    suits=lambda spec: spec.is_image,
    check_data=check_blocks,
    count_parameters=count_parameters,
    order=3,
)
def cnn(
    data,
    head,
    seeds,
    *,
    filters: Annotated[
        int,
        Field(
            ge=4,
            le=512,
            description="The number of patterns that the first block learns. Each further block doubles it.",
        ),
    ] = 32,
    blocks: Annotated[
        int, Field(ge=1, le=5, description="The number of convolutional blocks. Each one halves the image.")
    ] = 2,
    dropout: Annotated[
        float,
        Field(
            ge=0, le=0.9, description="The fraction of features set to zero at random in each training step. Try 0.3."
        ),
    ] = 0.0,
):
    """Builds blocks of 3×3 convolution, relu and 2×2 max pooling, then one dense layer of 128.

    Args:
        data: the input, `DataSpec` of images (height, width, channels).
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        keras.Model from (batch, height, width, channels) to (batch, head.units).
    """
    import keras

    from trainer.catalog.layers import dense, predict_output, raw_input

    inputs, x = raw_input(data)
    for block in range(blocks):
        initializer = keras.initializers.HeNormal(seed=seeds())
        x = keras.layers.Conv2D(
            filters * 2**block, 3, padding="same", activation="relu", kernel_initializer=initializer
        )(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    if dropout:
        x = keras.layers.Dropout(dropout, seed=seeds())(x)
    x = dense(128, seeds, activation="relu")(x)
    return keras.Model(inputs, predict_output(x, data, head, seeds), name="cnn")
