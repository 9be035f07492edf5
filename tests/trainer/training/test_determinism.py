"""Runs are deterministic; other TensorFlow code in the same process is left alone."""

import threading

import numpy as np
import pytest

from trainer import Arrays, Dataset, SupervisedLearner, train
from trainer.errors import ConfigError
from trainer.training.engine.start_up import deterministic

import keras  # isort: skip
import tensorflow as tf  # isort: skip
from tensorflow.python.eager import context  # isort: skip
from tensorflow.python.framework.config import is_op_determinism_enabled  # isort: skip


@pytest.fixture(autouse=True)
def without_global_seed():
    """Other tests may have set TensorFlow's global seed, with which nothing would be refused."""
    seed = context.global_seed()
    context.context()._seed = None
    yield
    context.context()._seed = seed


def line() -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def data(n: int = 64) -> Dataset:
    x = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    return Dataset.from_arrays(Arrays(x, x[:, 0] - x[:, 1]))


def use_tensorflow_without_seeds() -> None:
    tf.random.normal([2])
    assert sorted(int(i) for i in tf.data.Dataset.range(5).shuffle(5)) == list(range(5))
    model = line()
    model.compile("sgd", "mse")
    model.fit(np.zeros((8, 2)), np.zeros(8), verbose=0)


def test_unseeded_code_works_before_between_and_after_the_steps_of_a_run():
    use_tensorflow_without_seeds()
    chunks = train(SupervisedLearner(line(), loss="mse"), data(), epochs=2, batch_size=8, chunk_seconds=0)
    next(chunks)
    use_tensorflow_without_seeds()
    for _ in chunks:
        assert not is_op_determinism_enabled()
    use_tensorflow_without_seeds()


def test_the_steps_themselves_are_deterministic():
    seen = []

    class Watching(SupervisedLearner):
        def train_step(self, batch, step):
            seen.append(is_op_determinism_enabled())
            return super().train_step(batch, step)

    list(train(Watching(line(), loss="mse"), data(), epochs=1, batch_size=8))
    assert seen == [True]


def test_determinism_lasts_until_the_last_thread_is_done():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with deterministic():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(60)
    with deterministic():
        assert is_op_determinism_enabled()
    assert is_op_determinism_enabled(), "the other thread still needs it"
    leave.set()
    thread.join(60)
    assert not is_op_determinism_enabled()


def test_an_error_in_a_run_ends_determinism():
    with pytest.raises(ZeroDivisionError), deterministic():
        1 / 0  # noqa: B018
    assert not is_op_determinism_enabled()


def test_a_model_that_draws_without_a_seed_is_refused():
    class Noisy(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[1.0], [1.0]])

        def __call__(self, x):
            return (x + tf.random.normal(tf.shape(x))) @ self.w

    with pytest.raises(ConfigError, match="without a seed"):
        next(train(SupervisedLearner(Noisy(), loss="mse"), data(), epochs=1, batch_size=8))
    assert not is_op_determinism_enabled()
