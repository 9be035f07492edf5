"""Models that are not functional, written out by hand: a tf.Module and a subclass of keras.Model."""

from __future__ import annotations

from trainer.export.code.subject import Subject
from trainer.export.code.writing import scaled

_ACTIVATIONS = {"softmax": "tf.nn.softmax({})", "sigmoid": "tf.sigmoid({})"}


def write_linear_module(subject: Subject, units: int, seeds: list[int]) -> str:
    """Returns a tf.Module of one matrix."""
    return f'''\
class LinearModel(tf.Module):
    """y = xW + b in two variables, without Keras layers."""

    def __init__(self, inputs):
        super().__init__()
        # Glorot initialization; the bias starts at zero.
        initializer = keras.initializers.GlorotUniform(seed={seeds[0]})
        self.w = tf.Variable(initializer((inputs, {units}), dtype="float32"), name="w")
        self.b = tf.Variable(tf.zeros([{units}]), name="b")

    def __call__(self, x, training=False):
{_flat(subject)}        return {_prediction(subject, "x @ self.w + self.b")}


model = LinearModel(inputs=int(np.prod(x_train.shape[1:])))'''


def write_mlp_module(subject: Subject, units: int, seeds: list[int]) -> str:
    """Returns a tf.Module of two matrices."""
    hidden = subject.config.model_options["hidden"]
    return f'''\
class MLP(tf.Module):
    """One hidden layer as plain matrices, without Keras layers."""

    def __init__(self, inputs):
        super().__init__()
        # Glorot initialization; the biases start at zero.
        first, second = (keras.initializers.GlorotUniform(seed=seed) for seed in ({seeds[0]}, {seeds[1]}))
        self.w1 = tf.Variable(first((inputs, {hidden}), dtype="float32"), name="w1")
        self.b1 = tf.Variable(tf.zeros([{hidden}]), name="b1")
        self.w2 = tf.Variable(second(({hidden}, {units}), dtype="float32"), name="w2")
        self.b2 = tf.Variable(tf.zeros([{units}]), name="b2")

    def __call__(self, x, training=False):
{_flat(subject)}        hidden = tf.nn.relu(x @ self.w1 + self.b1)
        return {_prediction(subject, "hidden @ self.w2 + self.b2")}


model = MLP(inputs=int(np.prod(x_train.shape[1:])))'''


def write_subclassed(subject: Subject, units: int, seeds: list[int]) -> str:
    """Returns a subclass of keras.Model with two dense layers."""
    prediction = "self.prediction(self.hidden(self.flatten(x)))"
    if subject.head != "linear":
        prediction = f"keras.activations.{subject.head}({prediction})"
    elif subject.scales_target:
        prediction = f"{prediction} * target_std + target_mean"
    return f'''\
class TwoLayers(keras.Model):
    """A hidden dense layer with relu and a dense layer for the prediction."""

    def __init__(self):
        super().__init__()
        first, second = (keras.initializers.GlorotUniform(seed=seed) for seed in ({seeds[0]}, {seeds[1]}))
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(
            {subject.config.model_options["hidden_size"]}, activation="relu", kernel_initializer=first
        )
        self.prediction = keras.layers.Dense({units}, kernel_initializer=second)

    def call(self, x):
        x = {scaled("x", subject.plain_spec.rescale)}
        return {prediction}


model = TwoLayers()
model(x_train[:1])  # Creates the weights.'''.replace("        x = x\n", "")


def _flat(subject: Subject) -> str:
    """Returns the line that scales examples and makes rows of them, or nothing."""
    x = scaled("x", subject.plain_spec.rescale)
    if len(subject.plain_spec.input_shape) > 1:
        x = f"tf.reshape({x}, [len(x), -1])"
    return "" if x == "x" else f"        x = {x}\n"


def _prediction(subject: Subject, logits: str) -> str:
    if subject.head != "linear":
        return _ACTIVATIONS[subject.head].format(logits)
    return f"({logits}) * target_std + target_mean" if subject.scales_target else logits


#: By model: the function that writes it.
TEMPLATES = {
    "linear_module": write_linear_module,
    "mlp_module": write_mlp_module,
    "subclassed": write_subclassed,
}
