"""Augmentation: random changes of training images, so that a model learns to ignore them.

It runs inside the training step, with Keras's preprocessing layers. Their random state is part of every
checkpoint. Validation, test and downloaded models use the original images.
"""

from __future__ import annotations

from trainer.config.augmentation import Augmentation


def build_augmentation(plan: Augmentation, brightest: float, seeds):
    """Returns a Keras model from raw images to changed ones, or None if nothing is changed.

    Args:
        plan: how much.
        brightest: the largest raw value, 255 for photos.
        seeds: `Seeds`.

    Returns:
        keras.Sequential: float32 (batch, height, width, channels) to the same, in [0, brightest].
    """
    import keras

    layers, low_high = [], (0.0, brightest)
    if plan.flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seeds()))
    if plan.rotate:
        layers.append(keras.layers.RandomRotation(plan.rotate / 360, fill_mode="constant", seed=seeds()))
    if plan.zoom:
        layers.append(keras.layers.RandomZoom(plan.zoom, fill_mode="constant", seed=seeds()))
    if plan.shift:
        layers.append(keras.layers.RandomTranslation(plan.shift, plan.shift, fill_mode="constant", seed=seeds()))
    if plan.contrast:
        layers.append(keras.layers.RandomContrast(plan.contrast, value_range=low_high, seed=seeds()))
    if plan.noise:
        # Keras allows noise of at most 1, so it is added on the scale from 0 to 1, then clipped.
        noise = keras.layers.GaussianNoise(plan.noise, seed=seeds()), keras.layers.ReLU(max_value=1.0)
        layers += [keras.layers.Rescaling(1 / brightest), *noise, keras.layers.Rescaling(brightest)]
    return keras.Sequential(layers, name="augmentation") if layers else None
