"""Data larger than memory is read ahead of the training, and gives the same bits as data on the device."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.config.data_spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.values import Arrays, Rows
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import digest_of, state_arrays

load_engine()

import keras  # noqa: E402

from trainer.training import feeding  # noqa: E402
from trainer.training.learners import SupervisedLearner  # noqa: E402
from trainer.training.loop import Evaluator, train  # noqa: E402

SPEC = DataSpec("classification", (6, 6, 1), 103, num_classes=3, rescale=1 / 255)


@pytest.fixture
def images(tmp_path) -> Arrays:
    """103 images, the inputs on disk."""
    generator = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", generator.integers(0, 256, (103, 6, 6, 1), dtype=np.uint8))
    return Arrays(np.load(tmp_path / "x.npy", mmap_mode="r"), generator.integers(0, 3, 103))


def load(images: Arrays, monkeypatch, streamed: bool) -> Dataset:
    monkeypatch.setenv("TRAINDECK_STREAM_ABOVE", "100" if streamed else "1000000")
    dataset = Dataset.from_arrays(images, SPEC, validation_split=0.2)
    assert dataset.train.is_streamed == streamed
    return dataset


def make_learner(dropout: float) -> SupervisedLearner:
    layers = [
        keras.Input((6, 6, 1)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(8, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(seed=1)),
        keras.layers.Dense(3, activation="softmax", kernel_initializer=keras.initializers.GlorotUniform(seed=2)),
    ]
    if dropout:
        layers.insert(-1, keras.layers.Dropout(dropout, seed=3))
    return SupervisedLearner(keras.Sequential(layers), loss="sparse_categorical_crossentropy")


def digest(learner) -> str:
    return digest_of(state_arrays(learner.snapshot()))


def losses(chunks) -> np.ndarray:
    return np.concatenate([chunk.logs["loss"] for chunk in chunks])


@pytest.mark.parametrize("dropout", [0, 0.5], ids=["with XLA", "without XLA"])
@pytest.mark.parametrize("room", [1 << 24, 36 * 8 * 3], ids=["an epoch at once", "three batches at once"])
def test_streamed_data_trains_to_the_same_bits(images, monkeypatch, dropout, room):
    monkeypatch.setattr(feeding, "STREAMED_BYTES", room)
    seen = []
    for streamed in (False, True):
        learner, data = make_learner(dropout), load(images, monkeypatch, streamed)
        chunks = list(train(learner, data, epochs=3, batch_size=8, seed=5))
        seen.append((digest(learner), losses(chunks).tobytes(), Evaluator(learner, data.validation)()))
    assert seen[0] == seen[1]


def test_a_streamed_run_goes_on_in_the_middle_of_what_was_read_ahead(images, monkeypatch):
    data = load(images, monkeypatch, streamed=True)
    whole = make_learner(0.5)
    list(train(whole, data, epochs=2, batch_size=8, seed=5))
    cut = make_learner(0.5)
    step = 0
    while step < 2 * data.steps_per_epoch(8):
        # Each start makes one chunk and is left, as a pause does.
        step = next(train(cut, data, epochs=2, batch_size=8, seed=5, step=step)).step
        if step % data.steps_per_epoch(8) == 3:
            step = next(train(cut, data, epochs=2, batch_size=8, seed=5, step=step)).step
    assert digest(cut) == digest(whole)


def test_an_epoch_of_streamed_data_is_what_batches_yields(images, monkeypatch):
    data = load(images, monkeypatch, streamed=True)
    fed, step = feeding.feed(data, 8, seed=3, step=5), 5
    expected = data.batches(8, seed=3, step=5)
    for most in (1, 2, 100, 1, 100):
        taken = fed.take(step, most)
        for i in range(taken.first, taken.first + taken.count):
            x, y = next(expected)
            np.testing.assert_array_equal(taken.x[i], x)
            np.testing.assert_array_equal(taken.y[i], y)
        step += taken.count
    assert step > data.steps_per_epoch(8), "the second epoch was reached"


def test_what_is_streamed_is_not_copied_into_memory(images, monkeypatch):
    data = load(images, monkeypatch, streamed=True)
    assert isinstance(data.train.x, Rows)
    assert np.shares_memory(data.train.x._whole, images.x)


def test_statistics_of_streamed_rows_are_those_of_the_array(monkeypatch):
    x = np.random.default_rng(0).normal(3, 2, (70_000, 2)).astype(np.float32)
    spec = DataSpec("regression", (2,), len(x), standardize=True)
    specs = []
    for above in ("1", "1000000000"):
        monkeypatch.setenv("TRAINDECK_STREAM_ABOVE", above)
        specs.append(Dataset.from_arrays(Arrays(x, x[:, 0]), spec).spec)
    assert specs[0] == specs[1]
    np.testing.assert_allclose(specs[0].mean, x.mean(axis=0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(specs[0].variance, x.var(axis=0, dtype=np.float64), rtol=1e-12)


def test_a_value_that_is_not_finite_is_named_with_its_row_beyond_the_first_block():
    from trainer.data.values import as_inputs
    from trainer.errors import DataError

    x = np.zeros((70_000, 2), np.float32)
    x[69_000, 1] = np.inf
    with pytest.raises(DataError, match="inf in row 69000"):
        as_inputs(x)
