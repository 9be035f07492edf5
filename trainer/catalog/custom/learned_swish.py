"""An activation with a learned shape: x · sigmoid(βx) (Ramachandran et al. 2017, arXiv:1710.05941)."""

import keras


@keras.saving.register_keras_serializable(package="traindeck")
class LearnedSwish(keras.layers.Layer):
    """Returns x · sigmoid(βx), with one learned β per neuron: 0 is a straight line, a large β is relu.

    Input and output: float (batch, …, units).
    """

    #: Whether XLA makes it faster, as it does plain dense layers.
    is_dense = True

    def build(self, input_shape):
        """Creates β, (units,), all 1."""
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="beta")

    def call(self, inputs):
        """Returns the same shape as `inputs`."""
        return inputs * keras.ops.sigmoid(self.beta * inputs)
