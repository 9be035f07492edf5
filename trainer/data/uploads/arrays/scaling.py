"""How raw inputs are scaled inside the model, by what values they have."""

from __future__ import annotations

import numpy as np

from trainer.data.uploads.arrays.layout import Layout


def find_scaling(layout: Layout, dtype: np.dtype, low: float, high: float) -> tuple[float | None, bool, str]:
    """Returns `DataSpec.rescale`, `DataSpec.standardize`, and what is done in words.

    Args:
        layout: what an example is.
        dtype: uint8 or float32.
        low, high: the smallest and the largest value in the training data.
    """
    if dtype == np.uint8:
        # Pixels of 4 bits go to 16, truth values to 1; photos that are dark still go to 255.
        top = 255 if high > 127 else max(high, 1)
        return 1 / top, False, f"bytes from {low:.0f} to {high:.0f}, divided by {top:.0f} inside the model"
    if layout.kind == "image" and low >= 0 and high <= 1:
        return 1.0, False, "pixels from 0 to 1, as they are"
    if layout.kind == "image" and low >= 0 and high <= 255:
        return 1 / 255, False, f"pixels from {low:g} to {high:g}, divided by 255 inside the model"
    each = "number" if layout.kind == "vector" else "channel" if layout.kind == "image" else "feature"
    return None, True, f"values from {low:g} to {high:g}, each {each} standardized inside the model"
