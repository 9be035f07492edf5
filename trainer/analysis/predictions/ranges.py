"""The ranges of a data set's inputs: where sliders begin and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.data.dataset import Dataset

#: Ranges are of so many training examples.
_MOST_COUNTED = 50_000


@dataclass(frozen=True)
class Range:
    """Of one input over the training split.

    Attributes:
        low, high: the smallest and the largest value.
        middle: the median.
    """

    low: float
    high: float
    middle: float


def input_ranges(dataset: Dataset) -> tuple[Range, ...]:
    """Returns the range of each input of examples of shape (features,), over the training split."""
    x = np.asarray(dataset.train.x[:_MOST_COUNTED], np.float64)
    found = []
    for values in x.T:
        known = values[np.isfinite(values)]
        known = known if len(known) else np.zeros(1)
        found.append(Range(float(known.min()), float(known.max()), float(np.median(known))))
    return tuple(found)
