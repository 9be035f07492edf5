"""Lion: steps of equal size along the sign of the momentum."""

from typing import Annotated

from pydantic import Field

from trainer.catalog.optimizers._arguments import Beta2, LearningRate, WeightDecay
from trainer.config.registry import OPTIMIZERS


@OPTIMIZERS.register(
    label="Lion", help="Uses only the sign of the momentum. Needs a learning rate 3 to 10 times below Adam's.", order=6
)
def lion(
    *,
    learning_rate: LearningRate = 0.0001,
    beta_1: Annotated[
        float,
        Field(
            gt=0,
            le=0.99999,
            title="Beta 1",
            description="Weight of the mean of the gradients in a step. Rarely worth changing.",
        ),
    ] = 0.9,
    beta_2: Beta2 = 0.99,
    weight_decay: WeightDecay = 0.0,
):
    """Chen et al. 2023, arXiv:2302.06675."""
    import keras

    return keras.optimizers.Lion(learning_rate, beta_1=beta_1, beta_2=beta_2, weight_decay=weight_decay or None)
