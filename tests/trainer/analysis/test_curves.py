"""Curves and calibration of predictions that lack something."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.analysis.evaluation.calibration import calibrate
from trainer.analysis.evaluation.classification import class_measures
from trainer.analysis.evaluation.curves import MOST_POINTS, class_curves, label_curves
from trainer.analysis.evaluation.evaluating import evaluate
from trainer.analysis.evaluation.predictions import Predictions
from trainer.analysis.jobs import Job
from trainer.errors import DataError


def guesses(classes: int, examples: int, seed: int = 0):
    random = np.random.default_rng(seed)
    output = random.dirichlet(np.ones(classes), examples).astype(np.float32)
    return random.integers(0, classes, examples), output


def test_a_class_without_examples_has_no_curve_and_says_so():
    y, output = guesses(3, 50)
    y[y == 2] = 0
    found = class_curves(y, output, ("a", "b", "c"))
    assert [curve.name for curve in found.roc] == ["a", "b"]
    assert "does not hold for c" in found.notes[0]
    frame = class_measures(y, output.argmax(axis=1), ("a", "b", "c"))
    assert np.isnan(frame["Recall"]["c"])
    assert frame["Support"]["c"] == 0


def test_with_one_class_only_the_curves_are_undefined():
    for output in (np.full((5, 1), 0.2, np.float32), np.tile([[0.8, 0.2]], (5, 1)).astype(np.float32)):
        found = class_curves(np.zeros(5, int), output, ("no", "yes"))
        assert (found.roc, found.precision_recall) == ((), ())
        assert "undefined" in found.notes[0]
        assert calibrate(np.zeros(5, int), output).error == pytest.approx(0.2)


def test_one_column_and_two_columns_are_the_same_curve():
    y, output = guesses(2, 60)
    one, two = (class_curves(y, part, ("no", "yes")) for part in (output[:, 1:], output))
    assert one.roc[0].area == two.roc[0].area
    assert [curve.name for curve in one.roc] == ["yes"]


def test_many_classes_are_cut_to_the_most_frequent_and_long_curves_thinned():
    y, output = guesses(14, 6000)
    found = class_curves(y, output, tuple(map(str, range(14))))
    assert len(found.roc) == 10
    assert "10 most frequent of 14" in found.notes[0]
    assert max(len(curve.x) for curve in found.precision_recall) == MOST_POINTS
    assert (found.precision_recall[0].x[0], found.precision_recall[0].x[-1]) == (1.0, 0.0)


def test_a_label_that_no_example_has_is_named():
    found = label_curves(np.array([[0.0, 1], [0, 0]]), np.array([[0.2, 0.9], [0.1, 0.3]]), ("never", "some"))
    assert [curve.name for curve in found.roc] == ["some"]
    assert "label" in found.notes[0]
    assert "never" in found.notes[0]


def test_predictions_that_are_not_finite_are_left_out_and_counted(monkeypatch):
    y, output = guesses(3, 9)
    output[2] = np.nan
    output[5, 0] = np.inf
    made = Predictions("classification", "test", 3, "d", y.astype(np.int32), output)
    assert made.left_out == 2
    assert made.rows.tolist() == [0, 1, 3, 4, 6, 7, 8]
    assert (made.finite().y == y[made.rows]).all()
    monkeypatch.setattr("trainer.analysis.evaluation.evaluating.predict_split", lambda *_: made)

    class Spec:
        class_labels = ("a", "b", "c")

    class Run:
        spec = Spec

    job = Job(("test",), lambda job: None)
    assert len(evaluate(Run, "d", "test", job).finite) == 7
    output[:] = np.nan
    with pytest.raises(DataError, match="No prediction of this checkpoint is a finite number"):
        evaluate(Run, "d", "test", job)
