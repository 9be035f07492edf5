"""A model as a subclass of keras.Model: two dense layers, written out in `call`."""

import keras


@keras.saving.register_keras_serializable(package="traindeck")
class TwoLayers(keras.Model):
    """Two dense layers, which also scale the raw data.

    Args:
        hidden_size: neurons in the hidden layer.
        units: numbers in the prediction.
        activation: of the prediction: "softmax", "sigmoid" or "linear".
        rescale: raw inputs are multiplied by this, or None.
        standardize: whether raw inputs are standardized, with the statistics of `set_statistics`.
        encoder: a keras.Model that encodes a table's raw columns, or None.
        scale, offset: the prediction is multiplied by `scale`, then `offset` is added.
        seeds: of the initial weights of the two layers.
    """

    #: Whether XLA makes it faster, as it does plain dense layers.
    is_dense = True

    def __init__(
        self,
        hidden_size,
        units,
        activation="linear",
        rescale=None,
        standardize=False,
        encoder=None,
        scale=1.0,
        offset=0.0,
        seeds=(0, 1),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._options = {
            "hidden_size": hidden_size,
            "units": units,
            "activation": activation,
            "rescale": rescale,
            "standardize": standardize,
            "scale": scale,
            "offset": offset,
            "seeds": list(seeds),
        }
        self.encoder = encoder
        self.flatten = keras.layers.Flatten()
        self.rescale = keras.layers.Rescaling(rescale) if rescale is not None else None
        # A frozen batch norm keeps the statistics in variables, so they are saved with the weights.
        frozen = {"center": False, "scale": False, "epsilon": 1e-7, "trainable": False}
        self.standardize = keras.layers.BatchNormalization(**frozen) if standardize else None
        first, second = (keras.initializers.GlorotUniform(seed=seed) for seed in seeds)
        self.hidden = keras.layers.Dense(hidden_size, activation="relu", kernel_initializer=first)
        self.head = keras.layers.Dense(units, kernel_initializer=second)
        self.activation = keras.layers.Activation(activation, dtype="float32")
        self.unscale = keras.layers.Rescaling(scale, offset=offset, dtype="float32")

    def build(self, input_shape):
        """Creates the weights.

        Args:
            input_shape: (batch or None, *shape of an example).
        """
        inputs = 1
        for side in input_shape[1:]:
            inputs *= side
        if self.standardize is not None:
            self.standardize.build(input_shape)
        if self.encoder is not None:
            inputs = self.encoder.output_shape[-1]
        self.hidden.build((None, inputs))
        self.head.build((None, self._options["hidden_size"]))
        super().build(input_shape)

    def set_statistics(self, mean, variance):
        """Sets the statistics that standardize raw inputs; both have the shape of an example."""
        self.standardize.moving_mean.assign(mean)
        self.standardize.moving_variance.assign(variance)

    def call(self, inputs):
        """Returns predictions (batch, units) of raw examples (batch, …)."""
        x = inputs
        for layer in (
            self.encoder,
            self.rescale,
            self.standardize,
            self.flatten,
            self.hidden,
            self.head,
            self.activation,
        ):
            x = layer(x) if layer is not None else x
        return self.unscale(x)

    def get_config(self):
        """Returns the arguments of `__init__`, with a serialized encoder."""
        encoder = self.encoder and keras.saving.serialize_keras_object(self.encoder)
        return {**super().get_config(), **self._options, "encoder": encoder}

    @classmethod
    def from_config(cls, config):
        """Creates the model from the result of `get_config`."""
        encoder = config["encoder"] and keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**{**config, "encoder": encoder})
