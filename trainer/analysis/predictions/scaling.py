"""From the scaled units that an autoencoder reproduces back to raw ones."""

from __future__ import annotations

import numpy as np

from trainer.config.data_spec import DataSpec


def unscale_outputs(outputs: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Returns a reconstruction in the units of the raw inputs.

    Args:
        outputs: float32 (n, *input_shape), scaled.
        spec: of the data, with statistics; a table's columns are all numbers.
    """
    if spec.standardize:
        outputs = outputs * np.sqrt(np.array(spec.variance, np.float32)) + np.array(spec.mean, np.float32)
    return outputs / spec.rescale if spec.rescale else outputs
