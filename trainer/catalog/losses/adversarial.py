"""Losses of a GAN: how well scores tell real images from generated ones."""

from __future__ import annotations

from trainer.catalog.needs import needs_scores
from trainer.config.data_spec import DataSpec
from trainer.config.registry import LOSSES


@LOSSES.register(
    label="Non-saturating",
    help="The usual choice for a GAN. The cross-entropy of real and generated images.",
    accepts=needs_scores,
    head="linear",
    order=7,
)
def non_saturating(data: DataSpec):
    """Returns the cross-entropy of scores (log-odds) with 1 (real) or 0 (generated), averaged over the batch.

    The generator is trained towards 1 on its own images, instead of maximizing what the discriminator minimizes
    (Goodfellow et al. 2014, arXiv:1406.2661, §3).
    """
    import keras

    return keras.losses.BinaryCrossentropy(from_logits=True)


@LOSSES.register(
    label="Least squares",
    help="For a GAN. Pulls scores of real images to 1, of generated ones to 0. More stable, sometimes blurrier.",
    accepts=needs_scores,
    head="linear",
    order=8,
)
def least_squares(data: DataSpec):
    """Returns the mean of (score - y)², with y 1 (real) or 0 (generated) (Mao et al. 2017, arXiv:1611.04076)."""
    import keras

    return keras.losses.MeanSquaredError()
