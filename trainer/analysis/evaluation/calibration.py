"""Calibration: whether predictions made with 80 % probability are right 80 % of the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.analysis.evaluation.predictions import class_scores

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Accuracy against confidence, in bins of equal width that hold examples.

    Attributes:
        confidence: the mean probability of the predicted class in each bin, float (bins,).
        accuracy: the share of right predictions in each bin, float (bins,).
        counts: the examples in each bin, int (bins,).
        error: expected calibration error: Σ counts / n · |accuracy − confidence| (Guo et al. 2017, arXiv:1706.04599).
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray
    error: float


def calibrate(y: np.ndarray, output: np.ndarray) -> Calibration:
    """Returns the calibration of a classifier.

    Args:
        y: classes, int (n,).
        output: probabilities (n, classes) or (n, 1).
    """
    scores = class_scores(output)
    return calibrate_binary(scores.argmax(axis=1) == y, scores.max(axis=1))


def calibrate_binary(is_true: np.ndarray, probability: np.ndarray) -> Calibration:
    """Returns the calibration of probabilities, float (n,), of something that holds or not, bool (n,)."""
    from sklearn.calibration import calibration_curve

    # A sum of probabilities may exceed 1 by rounding.
    probability = np.clip(probability.astype(np.float64), 0, 1)
    accuracy, confidence = calibration_curve(is_true, probability, n_bins=BINS, pos_label=True)
    # The bins of calibration_curve, which leaves out empty ones.
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], probability)
    counts = np.bincount(bins, minlength=BINS)
    counts = counts[counts > 0]
    error = float(np.sum(counts / counts.sum() * np.abs(accuracy - confidence)))
    return Calibration(confidence, accuracy, counts, error)
