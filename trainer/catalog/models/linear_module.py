"""A linear model as a `tf.Module`: y = xW + b with raw variables."""

from __future__ import annotations

from trainer.config.registry import MODELS


@MODELS.register(
    label="Linear (tf.Module)",
    help="y = xW + b in two variables, without Keras. The smallest possible model.",
    is_keras=False,
    order=8,
)
def linear_module(data, head, seeds):
    """Builds the weights W (inputs, head.units) and the bias b (head.units,).

    Args:
        data: the input, `DataSpec`.
        head: the output, `Head`.
        seeds: `Seeds`.

    Returns:
        tf.Module from (batch, *input_shape) to (batch, head.units).
    """
    import tensorflow as tf

    from trainer.catalog.modules import Scaling, predict, weights

    inputs = data.features

    class LinearModule(tf.Module):
        """One weight matrix and a bias."""

        #: Whether XLA makes it faster: it is one matrix product.
        is_dense = True

        def __init__(self):
            super().__init__(name="linear_module")
            self.scaling = Scaling(data)
            self.w = weights((inputs, head.units), seeds(), "w")
            self.b = tf.Variable(tf.zeros([head.units]), name="b")

        def __call__(self, x):
            x = tf.reshape(self.scaling(x), [-1, inputs])
            return predict(x @ self.w + self.b, data, head)

    return LinearModule()
