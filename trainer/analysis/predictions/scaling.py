"""Between raw inputs and the scaled ones that an autoencoder reproduces."""

from __future__ import annotations

import numpy as np

from trainer.config.data_spec import DataSpec


def scale_inputs(x: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns raw inputs as the model scales them for itself: what its output is compared with.

    Args:
        x: float32 (n, *input_shape).
        spec: of the data, with statistics.
    """
    import tensorflow as tf

    from trainer.catalog.modules import Scaling

    with tf.device("CPU:0"):
        return Scaling(spec)(x).numpy()


def unscale_outputs(outputs: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns a reconstruction in the units of the raw inputs.

    Args:
        outputs: float32 (n, *input_shape), scaled.
        spec: see `scale_inputs`; a table's columns are all numbers.
    """
    if spec.standardize:
        outputs = outputs * np.sqrt(np.array(spec.variance, np.float32)) + np.array(spec.mean, np.float32)
    return outputs / spec.rescale if spec.rescale else outputs
