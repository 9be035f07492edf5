"""Numbers of a regression on a split; every one is scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Errors:
    """How far predictions are from the targets.

    Attributes:
        r2: coefficient of determination; NaN with fewer than two examples.
        mae: mean absolute error, in the target's units.
        rmse: root mean squared error, in the target's units.
        residuals: target − prediction, float (n,).
    """

    r2: float
    mae: float
    rmse: float
    residuals: np.ndarray


def measure_errors(y: np.ndarray, output: np.ndarray) -> Errors:
    """Returns the errors of predictions.

    Args:
        y, output: float32 (n, 1), in the target's units.
    """
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    y, output = y.reshape(-1).astype(np.float64), output.reshape(-1).astype(np.float64)
    return Errors(
        float(r2_score(y, output)) if len(y) > 1 else float("nan"),
        float(mean_absolute_error(y, output)),
        float(root_mean_squared_error(y, output)),
        y - output,
    )


def largest(errors: np.ndarray, most: int = 24) -> np.ndarray:
    """Returns the examples with the largest errors in size first, as indices, int (≤ most,)."""
    return np.argsort(-np.abs(errors), kind="stable")[:most]
