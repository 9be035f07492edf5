"""L1 and L2 penalties against numpy: every kernel counts, and no bias, whatever its rank."""

import numpy as np
import pytest

from tests.references.compare import compare


def build(kind):
    import keras

    inputs = keras.Input((5, 4))
    random = keras.initializers.RandomNormal(seed=1)
    if kind == "attention":
        x = keras.layers.MultiHeadAttention(2, 3, bias_initializer=random)(inputs, inputs)
    elif kind == "bidirectional":
        x = keras.layers.Bidirectional(keras.layers.GRU(3, bias_initializer=random))(inputs)
    else:
        x = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[kind](3, bias_initializer=random)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, bias_initializer=random)(x))


@pytest.mark.parametrize("kind", ["gru", "lstm", "attention", "bidirectional"])
def test_a_penalty_is_that_of_the_kernels_alone(kind):
    from trainer.training.learners.gradients import GradientRules

    model = build(kind)
    weights = {variable.path: np.array(variable, np.float64) for variable in model.trainable_variables}
    kernels = [value for path, value in weights.items() if path.endswith("kernel")]
    assert any(path.endswith("bias") and value.ndim > 1 for path, value in weights.items()) == (kind != "lstm")
    expected = sum(0.25 * np.abs(kernel).sum() + 0.5 * (kernel**2).sum() for kernel in kernels)
    [penalty] = GradientRules(l1=0.25, l2=0.5).penalty(model.trainable_variables)
    compare("L1 and L2 penalty", "numpy", float(penalty), expected)


def test_a_modules_biases_are_left_alone_too():
    import tensorflow as tf

    from trainer.training.learners.gradients import GradientRules

    kernel, bias = tf.Variable(tf.ones((2, 3)), name="kernel"), tf.Variable(tf.ones((2, 3)), name="gate_bias")
    [penalty] = GradientRules(l2=0.5).penalty([kernel, bias])
    compare("L1 and L2 penalty", "numpy", float(penalty), 3.0)
