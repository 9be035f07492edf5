"""ROC and precision-recall curves, one class against the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.analysis.evaluation.predictions import class_scores

#: Curves of more classes than this would hide each other.
MOST_CURVES = 10
#: Points kept of a curve: as many as a chart draws.
MOST_POINTS = 2000


@dataclass(frozen=True)
class Curve:
    """A curve and the area under it.

    Attributes:
        name: of the class or label.
        x, y: float (≤ MOST_POINTS,): false and true positive rate, or recall and precision; some of the curve's points.
        area: under all of its points: of a ROC curve the AUC, of a precision-recall curve the average precision.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    area: float


@dataclass(frozen=True)
class Curves:
    """The curves that can be drawn, and why others cannot.

    Attributes:
        roc, precision_recall: one for each class or label.
        notes: sentences.
    """

    roc: tuple[Curve, ...]
    precision_recall: tuple[Curve, ...]
    notes: tuple[str, ...] = ()


def class_curves(y: np.ndarray, output: np.ndarray, names: tuple[str, ...]) -> Curves:
    """Returns the curves of a classifier; for two classes those of class 1 alone.

    Args:
        y: classes, int (n,).
        output: probabilities (n, classes) or (n, 1).
        names: of all classes.
    """
    scores = class_scores(output)
    places = [1] if len(names) == 2 else list(range(len(names)))
    return one_against_rest([(names[place], y == place, scores[:, place]) for place in places], "class")


def label_curves(y: np.ndarray, output: np.ndarray, names: tuple[str, ...]) -> Curves:
    """Returns the curves of each label; see `class_curves`."""
    return one_against_rest([(name, y[:, i] > 0, output[:, i]) for i, name in enumerate(names)], "label")


def one_against_rest(parts: list[tuple[str, np.ndarray, np.ndarray]], noun: str) -> Curves:
    """Returns the curves of (name, is it one: bool (n,), score (n,)).

    Args:
        parts: one for each class or label.
        noun: "class" or "label".
    """
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

    roc, precision_recall, notes = [], [], []
    plural = {"class": "classes"}.get(noun, f"{noun}s")
    if len(parts) > MOST_CURVES:
        notes.append(f"The curves of the {MOST_CURVES} most frequent of {len(parts)} {plural} are drawn.")
        parts = sorted(parts, key=lambda part: -int(part[1].sum()))[:MOST_CURVES]
    absent = []
    for name, is_one, score in parts:
        if not is_one.any() or is_one.all():
            absent.append(name)
            continue
        false, true, _ = roc_curve(is_one, score)
        roc.append(_thinned(name, false, true, float(auc(false, true))))
        precision, recall, _ = precision_recall_curve(is_one, score)
        precision_recall.append(_thinned(name, recall, precision, float(average_precision_score(is_one, score))))
    if absent:
        shown = ", ".join(absent[:3]) + ("" if len(absent) <= 3 else f" and {len(absent) - 3} more")
        notes.append(
            f"The curves need examples of a {noun} and examples without it. That does not hold for {shown} in this "
            "split, so these curves are undefined."
        )
    return Curves(tuple(roc), tuple(precision_recall), tuple(notes))


def _thinned(name: str, x: np.ndarray, y: np.ndarray, area: float) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return Curve(name, x[kept], y[kept], area)
