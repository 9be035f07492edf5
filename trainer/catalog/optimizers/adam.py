"""Adam and its variants."""

from trainer.catalog.optimizers._arguments import Beta1, Beta2, LearningRate, WeightDecay
from trainer.config.registry import OPTIMIZERS


@OPTIMIZERS.register(label="Adam", help="The usual first choice. Adapts the step size of each weight.", order=1)
def adam(*, learning_rate: LearningRate = 0.001, beta_1: Beta1 = 0.9, beta_2: Beta2 = 0.999):
    """Kingma & Ba 2015, arXiv:1412.6980."""
    import keras

    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2)


@OPTIMIZERS.register(
    label="AdamW", help="Adam with weight decay. Try it when the validation loss starts to rise.", order=3
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


@OPTIMIZERS.register(label="Nadam", help="Adam with Nesterov momentum. Often a little faster.", order=5)
def nadam(*, learning_rate: LearningRate = 0.001, beta_1: Beta1 = 0.9, beta_2: Beta2 = 0.999):
    """Dozat 2016, ICLR workshop, "Incorporating Nesterov momentum into Adam"."""
    import keras

    return keras.optimizers.Nadam(learning_rate, beta_1=beta_1, beta_2=beta_2)
