"""Stochastic gradient descent."""

from typing import Annotated

from pydantic import Field

from trainer.catalog.optimizers._arguments import LearningRate, Momentum
from trainer.config.registry import OPTIMIZERS
from trainer.errors import ConfigError


def check_nesterov(options: dict) -> None:
    """Raises ConfigError where nesterov would change nothing."""
    if options["nesterov"] and not options["momentum"]:
        raise ConfigError(
            "nesterov (optimizer sgd) must be false when momentum is 0, because it looks ahead along the momentum. "
            "Received: True. Set momentum to 0.9, or switch nesterov off.",
            "nesterov",
        )


@OPTIMIZERS.register(
    label="SGD",
    help="Stochastic gradient descent, with optional momentum. Slower than Adam, but well understood.",
    check=check_nesterov,
    order=2,
)
def sgd(
    *,
    learning_rate: LearningRate = 0.01,
    momentum: Momentum = 0.0,
    nesterov: Annotated[bool, Field(description="Nesterov momentum: look ahead before each step.")] = False,
):
    """Robbins & Monro 1951; momentum: Polyak 1964; nesterov: Sutskever et al. 2013."""
    import keras

    return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov)
