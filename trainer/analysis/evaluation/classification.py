"""Numbers of a classifier on a split; every one is scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trainer.analysis.evaluation.predictions import class_scores


def confusion(y: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Returns how many examples of each true class (row) were given each class (column), int (classes, classes)."""
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(y, predicted, labels=np.arange(classes))


def row_shares(counts: np.ndarray) -> np.ndarray:
    """Returns each count as a share of its true class, float (classes, classes); NaN in a class without examples."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)


def class_measures(y: np.ndarray, predicted: np.ndarray, names: tuple[str, ...]) -> pd.DataFrame:
    """Returns precision, recall, F1 and support of each class.

    A class that was never predicted has no precision, and a class without examples no recall: these are NaN.

    Args:
        y, predicted: classes, int (n,).
        names: of all classes.
    """
    from sklearn.metrics import precision_recall_fscore_support

    found = precision_recall_fscore_support(
        y, predicted, labels=np.arange(len(names)), zero_division=np.nan, average=None
    )
    return pd.DataFrame(dict(zip(("Precision", "Recall", "F1", "Support"), found, strict=True)), index=list(names))


def label_measures(y: np.ndarray, output: np.ndarray, names: tuple[str, ...], threshold: float) -> pd.DataFrame:
    """Returns precision, recall, F1, support, ROC AUC and average precision of each label.

    Args:
        y: 0 or 1, float32 (n, labels).
        output: probabilities, float32 (n, labels).
        names: of the labels.
        threshold: a label is predicted where its probability is larger.
    """
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score

    rows = []
    for place in range(len(names)):
        true, score = y[:, place].astype(int), output[:, place]
        precision, recall, f1, _ = precision_recall_fscore_support(
            true, score > threshold, average="binary", zero_division=np.nan
        )
        is_mixed = 0 < true.sum() < len(true)
        rows.append(
            {
                "Precision": precision,
                "Recall": recall,
                "F1": f1,
                "Support": int(true.sum()),
                "ROC AUC": roc_auc_score(true, score) if is_mixed else np.nan,
                "Average precision": average_precision_score(true, score) if true.any() else np.nan,
            }
        )
    return pd.DataFrame(rows, index=list(names))


@dataclass(frozen=True)
class Rates:
    """What a threshold means for two classes; NaN where there is nothing to divide by.

    Attributes:
        true_positive, false_positive: rates: of the examples of class 1, and of class 0, that were given class 1.
        precision: of those given class 1, the share that is.
        accuracy: the share of right predictions.
    """

    true_positive: float
    false_positive: float
    precision: float
    accuracy: float


def rates_at(counts: np.ndarray) -> Rates:
    """Returns the rates of a confusion matrix of two classes, int (2, 2)."""
    (tn, fp), (fn, tp) = counts

    def ratio(part: int, whole: int) -> float:
        return float(part / whole) if whole else float("nan")

    return Rates(ratio(tp, tp + fn), ratio(fp, fp + tn), ratio(tp, tp + fp), ratio(tp + tn, counts.sum()))


def confident_mistakes(y: np.ndarray, output: np.ndarray, most: int = 24) -> np.ndarray:
    """Returns the wrong predictions with the highest probability first, as indices, int (≤ most,).

    Args:
        y: classes, int (n,).
        output: probabilities (n, classes) or (n, 1).
    """
    scores = class_scores(output)
    predicted = scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != y)
    order = np.argsort(-scores[wrong, predicted[wrong]], kind="stable")
    return wrong[order][:most]


def macro_f1(y: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """Returns the mean F1 over the classes that have one; see `class_measures`."""
    from sklearn.metrics import f1_score

    return float(f1_score(y, predicted, labels=np.arange(classes), average="macro", zero_division=np.nan))
