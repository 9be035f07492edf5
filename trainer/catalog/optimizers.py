"""Optimizers: each entry returns a Keras optimizer."""

from typing import Annotated

from pydantic import Field

from trainer.config.registry import OPTIMIZERS
from trainer.errors import ConfigError

LearningRate = Annotated[
    float,
    Field(gt=0, le=100, title="learning rate", description="The size of each step. Too large jumps, too small crawls."),
]
Beta1 = Annotated[
    float,
    Field(
        ge=0, le=0.99999, title="beta 1", description="How long the mean of the gradients remembers. Leave it at first."
    ),
]
Beta2 = Annotated[
    float,
    Field(
        ge=0, le=0.99999, title="beta 2", description="How long the mean of their squares remembers. Leave it at first."
    ),
]
Momentum = Annotated[
    float, Field(ge=0, le=0.9999, description="How much of the last step is kept in the next one. Try 0.9; 0: none.")
]
WeightDecay = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        title="weight decay",
        description="Pulls weights towards zero in each step, against overfitting. 0: none.",
    ),
]


@OPTIMIZERS.register(label="Adam", help="Adapts the step of every weight; the usual first choice.", order=1)
def adam(*, learning_rate: LearningRate = 0.001, beta_1: Beta1 = 0.9, beta_2: Beta2 = 0.999):
    """Kingma & Ba 2015, arXiv:1412.6980."""
    import keras

    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2)


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
    help="Plain steps down the slope, with momentum if you like: the classic, slower but well understood.",
    check=check_nesterov,
    order=2,
)
def sgd(
    *,
    learning_rate: LearningRate = 0.01,
    momentum: Momentum = 0.0,
    nesterov: Annotated[bool, Field(description="Look ahead along the momentum before each step.")] = False,
):
    """Robbins & Monro 1951; momentum: Polyak 1964; nesterov: Sutskever et al. 2013."""
    import keras

    return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov)


@OPTIMIZERS.register(
    label="AdamW", help="Adam that also keeps the weights small; try it when validation gets worse.", order=3
)
def adamw(
    *,
    learning_rate: LearningRate = 0.001,
    weight_decay: WeightDecay = 0.004,
    beta_1: Beta1 = 0.9,
    beta_2: Beta2 = 0.999,
):
    """Loshchilov & Hutter 2019, arXiv:1711.05101."""
    import keras

    return keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, beta_1=beta_1, beta_2=beta_2)


@OPTIMIZERS.register(
    label="RMSprop", help="Divides each step by the recent size of the gradient; Adam without its memory.", order=4
)
def rmsprop(
    *,
    learning_rate: LearningRate = 0.001,
    rho: Annotated[
        float, Field(ge=0, le=0.99999, description="How long the mean of the squares remembers. Leave it at first.")
    ] = 0.9,
    momentum: Momentum = 0.0,
):
    """Tieleman & Hinton 2012, Coursera lecture 6.5."""
    import keras

    return keras.optimizers.RMSprop(learning_rate, rho=rho, momentum=momentum)


@OPTIMIZERS.register(
    label="Adagrad", help="Steps get smaller the more a weight has moved; made for rare features.", order=7
)
def adagrad(*, learning_rate: LearningRate = 0.01):
    """Duchi, Hazan & Singer 2011, JMLR 12."""
    import keras

    return keras.optimizers.Adagrad(learning_rate)


@OPTIMIZERS.register(label="Nadam", help="Adam that looks ahead along its momentum; often a little faster.", order=5)
def nadam(*, learning_rate: LearningRate = 0.001, beta_1: Beta1 = 0.9, beta_2: Beta2 = 0.999):
    """Dozat 2016, ICLR workshop, "Incorporating Nesterov momentum into Adam"."""
    import keras

    return keras.optimizers.Nadam(learning_rate, beta_1=beta_1, beta_2=beta_2)


@OPTIMIZERS.register(
    label="Lion", help="Uses only the sign of the momentum; wants a learning rate 3 to 10 times below Adam's.", order=6
)
def lion(
    *,
    learning_rate: LearningRate = 0.0001,
    beta_1: Annotated[
        float,
        Field(gt=0, le=0.99999, title="beta 1", description="How much the mean counts in a step. Leave it at first."),
    ] = 0.9,
    beta_2: Beta2 = 0.99,
    weight_decay: WeightDecay = 0.0,
):
    """Chen et al. 2023, arXiv:2302.06675."""
    import keras

    return keras.optimizers.Lion(learning_rate, beta_1=beta_1, beta_2=beta_2, weight_decay=weight_decay or None)
