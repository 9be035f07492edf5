"""Optimizers that divide each step by the size of past gradients."""

from typing import Annotated

from pydantic import Field

from trainer.catalog.optimizers._arguments import LearningRate, Momentum
from trainer.config.registry import OPTIMIZERS


@OPTIMIZERS.register(
    label="RMSprop",
    help="Divides each step by the recent size of the gradients. Like Adam without the mean of the gradients.",
    order=4,
)
def rmsprop(
    *,
    learning_rate: LearningRate = 0.001,
    rho: Annotated[
        float,
        Field(ge=0, le=0.99999, description="Decay rate of the mean of the squared gradients. Rarely worth changing."),
    ] = 0.9,
    momentum: Momentum = 0.0,
):
    """Tieleman & Hinton 2012, Coursera lecture 6.5."""
    import keras

    return keras.optimizers.RMSprop(learning_rate, rho=rho, momentum=momentum)


@OPTIMIZERS.register(
    label="Adagrad", help="Steps get smaller the more a weight has changed. Made for sparse features.", order=7
)
def adagrad(*, learning_rate: LearningRate = 0.01):
    """Duchi, Hazan & Singer 2011, JMLR 12."""
    import keras

    return keras.optimizers.Adagrad(learning_rate)
