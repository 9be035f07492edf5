"""A generative adversarial network for images (DCGAN: Radford et al. 2015, arXiv:1511.06434)."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from trainer.catalog.models.cnn import needs_images
from trainer.config.data_spec import DataSpec
from trainer.config.registry import MODELS


def needs_pixels(spec: DataSpec) -> str | None:
    """Returns why the model does not fit, or None."""
    if spec.is_image and spec.rescale is None:
        return "it generates pixels between two known limits, and here they have none"
    return needs_images(spec)


@MODELS.register(
    label="GAN",
    help="Two networks compete: a generator makes images, a discriminator tells them from real ones.",
    accepts=needs_pixels,
    task="generation",
    losses=("loss", "generator_loss", "discriminator_loss"),
    # Each network's loss is measured against the other, so neither says how good the images are.
    monitor="epoch",
    # §4: with the usual momentum of 0.9 training oscillates.
    optimizer_options={name: {"learning_rate": 0.0002, "beta_1": 0.5} for name in ("adam", "adamw", "nadam")},
    learner="gan",
    only_one_device="in each step its two networks learn in turn from each other's newest weights",
    order=21,
)
def gan(
    data,
    head,
    seeds,
    *,
    architecture: Annotated[
        Literal["conv", "dense"],
        Field(description="The type of layers. *conv* makes better images. *dense* is faster on small ones."),
    ] = "conv",
    latent: Annotated[
        int,
        Field(
            ge=1,
            le=1024,
            title="Latent size",
            description="The number of random values that each image is generated from.",
        ),
    ] = 64,
    filters: Annotated[
        int,
        Field(ge=4, le=512, description="conv: the number of filters next to the image. Each deeper layer doubles it."),
    ] = 32,
    units: Annotated[
        int,
        Field(ge=1, le=4096, description="dense: the number of neurons next to the noise. The next layer doubles it."),
    ] = 256,
    dropout: Annotated[
        float,
        Field(
            ge=0,
            le=0.9,
            description="The fraction of the discriminator's values set to zero at random. Try 0.3 if it always wins.",
        ),
    ] = 0.0,
):
    """Builds a generator and a discriminator that mirror each other.

    conv: two transposed convolutions in the generator and three convolutions in the discriminator, all with
    stride 2, batch norm, relu and leaky relu, as in the paper (§3). dense: two hidden layers with leaky relu
    in each.

    Args:
        data: what to generate, `DataSpec` of images (height, width, channels).
        head: ignored: the discriminator returns one score.
        seeds: `Seeds`.

    Returns:
        The generator, keras.Model from noise (batch, latent) to images (batch, height, width, channels) in
        [0, 1], and the discriminator, keras.Model from such images to scores (batch, 1): log-odds of real.
    """
    if architecture == "conv":
        return conv_generator(data, seeds, latent, filters), conv_discriminator(data, seeds, filters, dropout)
    return dense_generator(data, seeds, latent, units), dense_discriminator(data, seeds, units, dropout)


def conv_generator(data, seeds, latent, filters):
    """Returns noise (batch, latent) → images."""
    import keras

    from trainer.catalog.layers import crop_to

    def kernel():
        return keras.initializers.RandomNormal(stddev=0.02, seed=seeds())

    def upsample(width, **options):
        return keras.layers.Conv2DTranspose(width, 4, strides=2, padding="same", kernel_initializer=kernel(), **options)

    def norm(x):
        return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))

    inputs = keras.Input((latent,), name="noise")
    shape = (*(-(-side // 4) for side in data.input_shape[:2]), 4 * filters)
    x = keras.layers.Dense(math.prod(shape), use_bias=False, kernel_initializer=kernel())(inputs)
    x = norm(keras.layers.Reshape(shape)(x))
    x = norm(upsample(2 * filters, use_bias=False)(x))
    x = upsample(data.input_shape[-1], activation="sigmoid", dtype="float32", name="pixels")(x)
    return keras.Model(inputs, crop_to(x, data.input_shape), name="generator")


def conv_discriminator(data, seeds, filters, dropout):
    """Returns images → scores (batch, 1)."""
    import keras

    inputs = keras.Input(data.input_shape, name="image")
    x = centered(inputs)
    # Three layers see whole digits; two see only strokes.
    for layer in range(3):
        kernel = keras.initializers.HeNormal(seed=seeds())
        x = keras.layers.Conv2D(
            filters * 2**layer, 4, strides=2, padding="same", use_bias=False, kernel_initializer=kernel
        )(x)
        # Not on the image itself, as in the paper.
        x = keras.layers.BatchNormalization(momentum=0.9)(x) if layer else x
        x = keras.layers.LeakyReLU(0.2)(x)
        if dropout:
            x = keras.layers.Dropout(dropout, seed=seeds())(x)
    kernel = keras.initializers.GlorotUniform(seed=seeds())
    x = keras.layers.Dense(1, kernel_initializer=kernel, dtype="float32", name="score")(keras.layers.Flatten()(x))
    return keras.Model(inputs, x, name="discriminator")


def dense_generator(data, seeds, latent, units):
    """Returns noise (batch, latent) → images."""
    import keras

    from trainer.catalog.layers import dense

    inputs = x = keras.Input((latent,), name="noise")
    for width in (units, 2 * units):
        x = keras.layers.BatchNormalization(momentum=0.9)(keras.layers.LeakyReLU(0.2)(dense(width, seeds)(x)))
    x = dense(math.prod(data.input_shape), seeds, activation="sigmoid")(x)
    return keras.Model(
        inputs, keras.layers.Reshape(data.input_shape, dtype="float32", name="pixels")(x), name="generator"
    )


def dense_discriminator(data, seeds, units, dropout):
    """Returns images → scores (batch, 1)."""
    import keras

    from trainer.catalog.layers import dense

    inputs = keras.Input(data.input_shape, name="image")
    x = keras.layers.Flatten()(centered(inputs))
    for width in (2 * units, units):
        x = keras.layers.LeakyReLU(0.2)(dense(width, seeds)(x))
        if dropout:
            x = keras.layers.Dropout(dropout, seed=seeds())(x)
    x = keras.layers.Dense(
        1, kernel_initializer=keras.initializers.GlorotUniform(seed=seeds()), dtype="float32", name="score"
    )(x)
    return keras.Model(inputs, x, name="discriminator")


def centered(x):
    """Returns pixels in [0, 1] as [-1, 1]."""
    import keras

    return keras.layers.Rescaling(2.0, offset=-1.0)(x)
