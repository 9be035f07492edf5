"""Arguments that several optimizers take."""

from typing import Annotated

from pydantic import Field

LearningRate = Annotated[
    float,
    Field(
        gt=0,
        le=100,
        title="Learning rate",
        description="The size of each step. Too large: the loss jumps. Too small: training is slow.",
    ),
]
Beta1 = Annotated[
    float,
    Field(
        ge=0, le=0.99999, title="Beta 1", description="Decay rate of the mean of the gradients. Rarely worth changing."
    ),
]
Beta2 = Annotated[
    float,
    Field(
        ge=0,
        le=0.99999,
        title="Beta 2",
        description="Decay rate of the mean of the squared gradients. Rarely worth changing.",
    ),
]
Momentum = Annotated[
    float,
    Field(ge=0, le=0.9999, description="How much of the last step is kept in the next one. Try 0.9. 0: none."),
]
WeightDecay = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        title="Weight decay",
        description="Pulls weights towards zero in each step, to reduce overfitting. 0: none.",
    ),
]
