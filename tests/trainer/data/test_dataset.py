"""A data set's split, order and position follow from seed and step alone."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from trainer.config.data_spec import DataSpec
from trainer.config.split_sizes import count_training
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.data.values import Arrays
from trainer.errors import ConfigError, DataError


def numbered(size=50, classes=3):
    """Returns arrays whose only feature is the example's number, so that rows can be told apart."""
    return Arrays(np.arange(size, dtype=np.float32)[:, None], np.arange(size) % classes)


def test_split_is_disjoint_complete_and_follows_from_the_seed():
    first, same, other = (Dataset.from_arrays(numbered(), validation_split=0.3, seed=seed) for seed in (1, 1, 2))
    rows = [set(split.x[:, 0].tolist()) for split in (first.train, first.validation)]
    assert not rows[0] & rows[1]
    assert rows[0] | rows[1] == set(range(50))
    assert len(first.validation) == 15
    np.testing.assert_array_equal(first.validation.x, same.validation.x)
    assert not np.array_equal(first.validation.x, other.validation.x)
    np.testing.assert_array_equal(first.train.y, first.train.x[:, 0] % 3)


def test_split_keeps_the_share_of_every_class():
    y = np.repeat([0, 1, 2], [80, 15, 5])
    dataset = Dataset.from_arrays(Arrays(np.zeros((100, 2)), y), validation_split=0.2, seed=0)
    assert np.bincount(dataset.validation.y).tolist() == [16, 3, 1]
    assert np.bincount(dataset.train.y).tolist() == [64, 12, 4]


def test_a_class_of_one_example_does_not_prevent_a_split():
    dataset = Dataset.from_arrays(Arrays(np.zeros((10, 2)), np.array([0] * 9 + [1])), validation_split=0.2, seed=0)
    assert (len(dataset.train), len(dataset.validation)) == (8, 2)


def test_without_a_split_everything_is_for_training():
    dataset = Dataset.from_arrays(numbered())
    assert len(dataset.train) == 50
    assert dataset.validation is None
    assert dataset.test is None


@pytest.mark.parametrize(("seed", "epoch"), [(0, 1), (0, 2), (1, 1), (2**31 - 1, 10**6)])
def test_order_is_a_permutation_of_seed_and_epoch(seed, epoch):
    dataset = Dataset.from_arrays(numbered())
    order = dataset.order(seed, epoch)
    assert order.dtype == np.int32
    assert sorted(order) == list(range(50))
    np.testing.assert_array_equal(order, Dataset.from_arrays(numbered()).order(seed, epoch))
    assert not np.array_equal(order, dataset.order(seed, epoch + 1))
    assert not np.array_equal(order, dataset.order(seed + 1, epoch))


@pytest.mark.parametrize("batch_size", [1, 7, 25, 50])
def test_batches_from_a_step_are_those_that_remain_after_skipping(batch_size):
    dataset = Dataset.from_arrays(numbered())
    steps = 2 * dataset.steps_per_epoch(batch_size) + 3
    all_of_them = list(itertools.islice(dataset.batches(batch_size, seed=4), steps))
    for step in range(steps):
        x, y = next(dataset.batches(batch_size, seed=4, step=step))
        np.testing.assert_array_equal(x, all_of_them[step][0])
        np.testing.assert_array_equal(y, all_of_them[step][1])


def test_an_epoch_shows_every_example_once_and_its_last_batch_may_be_smaller():
    dataset = Dataset.from_arrays(numbered())
    assert dataset.steps_per_epoch(8) == 7
    epoch = list(itertools.islice(dataset.batches(8, seed=0), 7))
    assert [len(x) for x, _ in epoch] == [8] * 6 + [2]
    assert sorted(np.concatenate([x[:, 0] for x, _ in epoch])) == list(range(50))


@pytest.mark.parametrize(
    ("labels", "value", "row"),
    [
        ([0, 1, 2, 3], "3", 3),
        ([0, -1, 1, 2], "-1", 1),
        ([0, 1, 1.5, 2], "1.5", 2),
        ([np.nan, 0, 1, 2], "nan", 0),
        ([0, 1, 2, np.inf], "inf", 3),
    ],
)
def test_labels_out_of_range_are_named_with_their_row(labels, value, row):
    spec = DataSpec("classification", (1,), 4, num_classes=3)
    with pytest.raises(DataError, match=rf"from 0 to 2\. Received: {value} in row {row}\."):
        Dataset.from_arrays(Arrays(np.zeros((4, 1)), np.array(labels)), spec)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_named_with_their_row(value):
    numbers = np.array([0.5, 1.0, value, 3.0])
    with pytest.raises(DataError, match=r"^Inputs must be finite.* in row 2\."):
        Dataset.from_arrays(Arrays(numbers[:, None], np.array([0, 1, 0, 1])))
    with pytest.raises(DataError, match=r"^Targets must be finite.* in row 2\."):
        Dataset.from_arrays(Arrays(np.zeros((4, 1)), numbers))


def test_shapes_that_do_not_fit_are_refused():
    spec = DataSpec("regression", (2,), 4)
    for x, y, reason in (
        (np.zeros((4, 2)), np.zeros(3), "4 and 3 rows"),
        (np.zeros((4, 3)), np.zeros(4), r"shape \(2,\). Received: \(3,\)"),
        (np.zeros((4, 2)), np.zeros((4, 2)), "one target per example"),
        (np.zeros((0, 2)), np.zeros(0), "at least one example"),
    ):
        with pytest.raises(DataError, match=reason):
            Dataset.from_arrays(Arrays(x, y), spec)


def test_bytes_stay_bytes_and_everything_else_becomes_float32():
    labels = np.array([0, 1])
    for given, kept in (("uint8", "uint8"), ("int64", "float32"), ("float64", "float32"), ("bool", "float32")):
        dataset = Dataset.from_arrays(Arrays(np.ones((2, 3), given), labels))
        assert dataset.train.x.dtype == kept
        assert dataset.train.y.dtype == np.int32
        assert dataset.train.y.shape == (2,)
    dataset = Dataset.from_arrays(Arrays(np.ones((2, 3)), np.array([0.5, 1.5])))
    assert dataset.train.y.dtype == np.float32
    assert dataset.train.y.shape == (2, 1)


def test_statistics_are_those_of_the_training_split():
    dataset = load_dataset("diabetes", {}, validation_split=0.2, seed=0)
    x, y = dataset.train.x.astype(np.float64), dataset.train.y.astype(np.float64)
    np.testing.assert_allclose(dataset.spec.mean, x.mean(axis=0))
    np.testing.assert_allclose(dataset.spec.variance, x.var(axis=0))
    assert dataset.spec.target_mean == pytest.approx(y.mean())
    assert dataset.spec.target_std == pytest.approx(y.std())


def test_unknown_data_sets_and_options_are_refused():
    with pytest.raises(ConfigError, match="no dataset 'digit'"):
        load_dataset("digit", {}, validation_split=0.2, seed=0)
    with pytest.raises(ConfigError, match="'size' is not an option"):
        load_dataset("digits", {"size": 3}, validation_split=0.2, seed=0)


def test_real_mnist_in_the_cache_loads(tmp_path, monkeypatch):
    real = Path(os.environ.get("TRAINDECK_DATA", "../shared/data")).resolve() / "mnist.npz"
    if not real.is_file():
        pytest.skip(f"{real} is not there; set TRAINDECK_DATA to the folder that holds it")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").symlink_to(real)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    dataset = load_dataset("mnist", {}, validation_split=0.2, seed=0)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (48_000, 12_000, 10_000)
    assert dataset.train.x.dtype == np.uint8
    assert dataset.train.x.max() == 255


def test_a_validation_split_of_its_own_takes_the_place_of_a_part_of_the_training_data():
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    arrays = Arrays(x, y, x_validation=x[:3] + 100, y_validation=y[:3])
    spec = DataSpec("classification", (2,), 10, num_classes=2, validation_examples=3)
    dataset = Dataset.from_arrays(arrays, spec, validation_split=0.5)
    assert len(dataset.train) == 10 == count_training(spec, 0.5)
    np.testing.assert_array_equal(dataset.validation.x, x[:3] + 100)
    assert Dataset.from_arrays(arrays, spec, validation_split=0).validation is None


def test_the_steps_of_a_sequence_are_standardized_alike():
    x = np.random.default_rng(0).normal(5, 2, (50, 7, 3))
    spec = DataSpec("regression", (7, 3), 50, standardize=True)
    measured = Dataset.from_arrays(Arrays(x, x[:, 0, 0]), spec).spec
    np.testing.assert_allclose(measured.mean, x.mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(measured.variance, x.var(axis=(0, 1)), rtol=1e-5)
