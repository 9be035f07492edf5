"""Training images are changed at random within what was asked, and only they."""

import numpy as np
import pytest

from trainer.catalog.augmentation import build_augmentation
from trainer.config.augmentation import Augmentation
from trainer.config.options import describe_option

CHANGES = {"flip": True, "rotate": 20.0, "zoom": 0.3, "shift": 0.2, "contrast": 0.5, "noise": 0.2}


@pytest.fixture(scope="module", autouse=True)
def engine():
    from trainer.training.engine.start_up import load_engine

    load_engine()


def build(brightest, **changes):
    """Returns the model that makes these changes."""
    from trainer.catalog.layers import Seeds

    return build_augmentation(Augmentation(**changes), brightest, Seeds(3))


def images(brightest):
    """Returns a few images with all brightnesses up to the largest."""
    return np.random.default_rng(0).uniform(0, brightest, (16, 12, 12, 1)).astype(np.float32)


@pytest.mark.parametrize("brightest", [1.0, 16.0, 255.0])
@pytest.mark.parametrize("name", CHANGES)
def test_every_change_changes_images_and_keeps_them_between_black_and_white(name, brightest):
    x = images(brightest)
    model = build(brightest, **{name: CHANGES[name]})
    first, second = (np.array(model(x, training=True)) for _ in range(2))
    assert first.shape == x.shape
    assert not np.allclose(first, x, atol=0.01 * brightest)
    assert not np.array_equal(first, second)
    assert first.min() >= -1e-4 * brightest
    assert first.max() <= brightest * (1 + 1e-4)
    np.testing.assert_allclose(model(x, training=False), x, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(first, build(brightest, **{name: CHANGES[name]})(x, training=True))


def test_noise_is_as_strong_as_was_asked_whatever_the_scale():
    for brightest in (1.0, 255.0):
        x = np.full((8, 20, 20, 1), brightest / 2, np.float32)
        spread = np.std(np.array(build(brightest, noise=0.1)(x, training=True)) - x)
        assert spread == pytest.approx(0.1 * brightest, rel=0.05)


def test_nothing_asked_is_nothing_built():
    assert build(255.0) is None


def test_every_change_is_known_here_and_has_help():
    assert set(CHANGES) == set(Augmentation.model_fields)
    for name, info in Augmentation.model_fields.items():
        assert describe_option(name, info).help.endswith(".")
