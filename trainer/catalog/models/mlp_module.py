"""A multi-layer perceptron as a `tf.Module`: no layers, only matrices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.config.registry import MODELS


@MODELS.register(
    label="MLP (tf.Module)",
    help="One hidden layer as plain matrices, without Keras. Shows what happens inside.",
    is_keras=False,
    order=7,
)
def mlp_module(
    data,
    head,
    seeds,
    *,
    hidden: Annotated[int, Field(ge=1, le=8192, description="The number of neurons in the hidden layer.")] = 128,
):
    """Builds inputs → hidden relu neurons → prediction: 784-128-10 for MNIST.

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

    class MLPModule(tf.Module):
        """Two weight matrices and two biases."""

        #: Whether XLA makes it faster: it is only matrix products.
        is_dense = True

        def __init__(self):
            super().__init__(name="mlp_module")
            self.scaling = Scaling(data)
            self.w1, self.b1 = weights((inputs, hidden), seeds(), "w1"), tf.Variable(tf.zeros([hidden]), name="b1")
            self.w2, self.b2 = (
                weights((hidden, head.units), seeds(), "w2"),
                tf.Variable(tf.zeros([head.units]), name="b2"),
            )

        def __call__(self, x):
            x = tf.reshape(self.scaling(x), [-1, inputs])
            logits = tf.nn.relu(x @ self.w1 + self.b1) @ self.w2 + self.b2
            return predict(logits, data, head)

    return MLPModule()
