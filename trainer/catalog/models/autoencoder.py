"""An autoencoder (Hinton & Salakhutdinov 2006, doi:10.1126/science.1127647)."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.options import shown
from trainer.config.registry import MODELS
from trainer.errors import ConfigError


def check_architecture(spec: DataSpec, options: dict) -> None:
    """Raises ConfigError for convolutions without images."""
    if options["architecture"] == "conv" and not spec.is_image:
        raise ConfigError(
            "architecture (model autoencoder) must be dense here, because conv needs images. "
            "Received: conv. Choose dense, or a data set of images.",
            "architecture",
        )


def needs_plain_numbers(spec: DataSpec) -> str | None:
    """Returns why a table's columns cannot be reconstructed, or None."""
    wrong = [column for column in spec.columns if column.kind == "category" or column.missing]
    if not wrong:
        return None
    why = "a category" if wrong[0].kind == "category" else "a number that is missing in some rows"
    return f"it reconstructs numbers, and column {shown(wrong[0].name)} is {why}"


@MODELS.register(
    label="Autoencoder",
    help="Compresses each example to a few numbers and reconstructs it. Needs no targets.",
    accepts=needs_plain_numbers,
    task="reconstruction",
    learner="reconstruction",
    check_data=check_architecture,
    order=20,
)
def autoencoder(
    data,
    head,
    seeds,
    *,
    architecture: Annotated[
        Literal["dense", "conv"],
        Field(description="The type of layers. *dense* fits any data. *conv* is better on images, and slower."),
    ] = "dense",
    latent: Annotated[
        int,
        Field(
            ge=1, le=1024, title="Latent size", description="The number of values that each example is compressed to."
        ),
    ] = 16,
    units: Annotated[int, Field(ge=1, le=4096, description="dense: the number of neurons in each hidden layer.")] = 128,
    filters: Annotated[
        int,
        Field(
            ge=1, le=256, description="conv: the number of patterns that the first layer learns. The second doubles it."
        ),
    ] = 16,
):
    """Builds an encoder to `latent` numbers and its mirror image.

    dense: one hidden layer on each side. conv: two convolutions that halve the image on one side and two
    transposed ones on the other. Where raw values have a known range the output is limited to [0, 1].

    Args:
        data: the input, `DataSpec`.
        head: ignored: the output has the shape of the input.
        seeds: `Seeds`.

    Returns:
        keras.Model from raw (batch, *input_shape) to float32 of the same shape, in the scaled inputs' units.
    """
    import keras

    from trainer.catalog.layers import crop_to, dense, raw_input

    limit = "sigmoid" if data.rescale is not None else "linear"
    inputs, x = raw_input(data)
    if architecture == "conv":

        def convolve(kind, width, activation="relu"):
            kernel = (keras.initializers.HeNormal if activation == "relu" else keras.initializers.GlorotUniform)(
                seed=seeds()
            )
            return kind(width, 3, strides=2, padding="same", activation=activation, kernel_initializer=kernel)

        for width in (filters, 2 * filters):
            x = convolve(keras.layers.Conv2D, width)(x)
        shape = x.shape[1:]
        x = dense(latent, seeds)(keras.layers.Flatten()(x))
        x = keras.layers.Reshape(shape)(dense(math.prod(shape), seeds, activation="relu")(x))
        x = convolve(keras.layers.Conv2DTranspose, filters)(x)
        x = crop_to(convolve(keras.layers.Conv2DTranspose, data.input_shape[-1], limit)(x), data.input_shape)
    else:
        x = dense(units, seeds, activation="relu")(keras.layers.Flatten()(x))
        x = dense(units, seeds, activation="relu")(dense(latent, seeds)(x))
        x = dense(math.prod(data.input_shape), seeds, activation=limit)(x)
        x = keras.layers.Reshape(data.input_shape)(x)
    # The output is compared with the input in float32, whatever the precision of the layers.
    return keras.Model(inputs, keras.layers.Activation("linear", dtype="float32", name="copy")(x), name="autoencoder")
