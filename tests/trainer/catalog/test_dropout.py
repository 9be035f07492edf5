"""The hashed dropout: its statistics, its state, and what becomes of it in a download."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from trainer.catalog.dropout import HashedDropout, keep_mask, with_keras_dropout

#: A test that is right fails by chance once in ten million times.
CHANCE = 1e-7
SHAPE = (64, 512)


@tf.function(jit_compile=True)
def _masks(rate: float, seeds, calls):
    return tf.map_fn(
        lambda pair: keep_mask(tf.constant(SHAPE), rate, pair[0], pair[1]), (seeds, calls), fn_output_signature=tf.bool
    )


def masks(rate=0.2, seeds=(0,), calls=(0,)) -> np.ndarray:
    """Returns bool (n, *SHAPE): a mask for each pair of seed and call."""
    seeds, calls = np.broadcast_arrays(np.array(seeds, np.int64), np.array(calls, np.int64))
    return _masks(rate, tf.constant(seeds), tf.constant(calls)).numpy()


def correlation_is_chance(left: np.ndarray, right: np.ndarray, rate: float) -> bool:
    """Returns whether two sets of mask values agree as often as independent ones do."""
    agreement = stats.binomtest(int((left == right).sum()), left.size, rate**2 + (1 - rate) ** 2)
    return agreement.pvalue > CHANCE


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
def test_the_fraction_kept_is_one_minus_the_rate(rate):
    found = masks(rate, calls=range(50))
    assert stats.binomtest(int(found.sum()), found.size, 1 - rate).pvalue > CHANCE


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_step_row_and_neuron_is_kept_equally_often_and_varies_as_chance_does(axis):
    found = masks(calls=range(200))
    counts = found.sum(axis=tuple({0, 1, 2} - {axis}))
    trials = found.size // len(counts)
    # Their mean is right already; here their spread is that of the binomial distribution.
    spread = ((counts - 0.8 * trials) ** 2).sum() / (trials * 0.8 * 0.2)
    assert CHANCE < stats.chi2.sf(spread, len(counts)) < 1 - CHANCE


@pytest.mark.parametrize("distance", [1, 2, 32, 1000, 2**31])
def test_masks_of_different_steps_are_independent(distance):
    calls = np.arange(50)
    assert correlation_is_chance(masks(calls=calls), masks(calls=calls + distance), 0.2)


@pytest.mark.parametrize("distance", [1, 2, 0x9E3779B9, 2**16, 2**31])
def test_masks_of_different_layers_are_independent(distance):
    calls = np.arange(50)
    assert correlation_is_chance(masks(seeds=7, calls=calls), masks(seeds=7 + distance, calls=calls), 0.2)


def test_neighbours_in_one_mask_are_independent():
    found = masks(calls=range(50)).reshape(50, -1)
    for shift in (1, 2, 3, 64, 512, 1024, 4096):
        assert correlation_is_chance(found[:, :-shift], found[:, shift:], 0.2), shift


def test_no_two_steps_or_layers_share_a_shifted_mask():
    found = masks(seeds=[1, 1, 2, 3], calls=[0, 1, 0, 5]).reshape(4, -1).astype(np.float64) - 0.8
    spectra = np.fft.rfft(found)
    for left in range(4):
        for right in range(left):
            # The correlation at every shift at once; its standard deviation is 1 / sqrt(values).
            values = np.fft.irfft(spectra[left] * spectra[right].conj()) / (found.shape[1] * 0.16)
            assert np.abs(values).max() < 6.5 / np.sqrt(found.shape[1])


def test_what_is_kept_is_scaled_so_that_the_mean_stays_and_gradients_follow_the_mask():
    layer, x = HashedDropout(0.25, seed=3), tf.Variable(tf.ones([40, 50]))
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
    gradient = tape.gradient(y, x)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert np.array_equal(y, gradient)
    assert abs(float(tf.reduce_mean(y)) - 1) < 0.1


def test_outside_of_training_nothing_changes_not_even_the_state():
    layer, x = HashedDropout(0.5, seed=3), tf.random.stateless_normal([4, 5], [1, 2])
    assert np.array_equal(layer(x, training=False), x)
    assert int(layer.calls) == 0
    layer(x, training=True)
    assert int(layer.calls) == 1


def test_the_two_state_variables_are_the_whole_state():
    layer, x = HashedDropout(0.5, seed=3), tf.ones([16, 16])
    for _ in range(3):
        layer(x, training=True)
    saved = [np.array(variable) for variable in layer.variables]
    expected = [layer(x, training=True).numpy() for _ in range(3)]
    again = HashedDropout(0.5, seed=99)
    again.build(x.shape)
    again.set_weights(saved)
    assert np.array_equal([again(x, training=True).numpy() for _ in range(3)], expected)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_mask_does_not_depend_on_how_it_is_compiled(jit_compile):
    mask = tf.function(keep_mask, jit_compile=jit_compile, autograph=False)
    found = mask(tf.constant(SHAPE), 0.3, tf.constant(5, tf.int64), tf.constant(2**40 + 17, tf.int64))
    expected = keep_mask(SHAPE, 0.3, tf.constant(5, tf.int64), tf.constant(2**40 + 17, tf.int64))
    assert np.array_equal(found, expected)


def test_half_precision_stays_half():
    layer = HashedDropout(0.5, seed=1, dtype="float16")
    assert layer(tf.ones([2, 2], tf.float16), training=True).dtype == tf.float16


@pytest.mark.parametrize("rate", [-0.1, 1.0, 3])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be in"):
        HashedDropout(rate, seed=0)


def test_a_download_has_keras_dropout_and_the_same_weights():
    inputs = keras.Input((6,))
    x = HashedDropout(0.3, seed=4)(keras.layers.BatchNormalization()(keras.layers.Dense(5)(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    copied = with_keras_dropout(model)
    assert [type(layer).__name__ for layer in copied.layers] == [
        "InputLayer", "Dense", "BatchNormalization", "Dropout", "Dense"
    ]  # fmt: skip
    x = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    assert np.array_equal(copied(x), model(x))
    plain = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    assert with_keras_dropout(plain) is plain
