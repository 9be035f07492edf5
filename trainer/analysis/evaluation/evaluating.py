"""An evaluation: predictions of a split with everything that is measured on them once."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.analysis.evaluation.calibration import Calibration, calibrate
from trainer.analysis.evaluation.curves import Curves, class_curves, label_curves
from trainer.analysis.evaluation.predicting import predict_split
from trainer.analysis.evaluation.predictions import Predictions
from trainer.analysis.evaluation.regression import Errors, measure_errors
from trainer.analysis.jobs import Job
from trainer.errors import DataError


@dataclass(frozen=True)
class Evaluation:
    """What a checkpoint is worth on a split.

    Attributes:
        predictions: of the whole split.
        finite: the predictions that are finite numbers; everything is measured on these.
        names: of the classes or labels; empty for others.
        curves: of a classification or multilabel task, else None.
        calibration: of a classification, else None.
        errors: of a regression, else None.
    """

    predictions: Predictions
    finite: Predictions
    names: tuple[str, ...]
    curves: Curves | None = None
    calibration: Calibration | None = None
    errors: Errors | None = None


def evaluate(run, digest: str, split: str, job: Job) -> Evaluation:
    """Predicts a split with a checkpoint and measures the predictions; see `predict_split`.

    Raises:
        DataError: no prediction is a finite number; or see `predict_split`.
        ExportError: see `predict_split`.
    """
    names = run.spec.class_labels if run.spec is not None else ()
    predictions = predict_split(run, digest, split, job)
    finite = predictions.finite()
    if not len(finite):
        raise DataError(
            "No prediction of this checkpoint is a finite number, so there is nothing to measure. Evaluate an earlier "
            "checkpoint, or train again with a smaller learning rate."
        )
    job.give_way()
    y, output = finite.y, finite.output
    if finite.task == "classification":
        return Evaluation(
            predictions, finite, names, curves=class_curves(y, output, names), calibration=calibrate(y, output)
        )
    if finite.task == "multilabel":
        return Evaluation(predictions, finite, names, curves=label_curves(y, output, names))
    errors = measure_errors(y, output) if finite.task == "regression" else None
    return Evaluation(predictions, finite, (), errors=errors)
