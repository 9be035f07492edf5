"""Partial dependence: the mean prediction as one column changes (Friedman 2001, §8.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.analysis.attribution.permutation import sample_rows
from trainer.analysis.jobs import Job
from trainer.analysis.predictor import Predictor
from trainer.config.data_spec import DataSpec

#: Values of a column of numbers, and the examples whose predictions are averaged.
GRID, MOST_ROWS = 25, 300
#: Values of a category that are shown, the most frequent ones.
MOST_VALUES = 20


@dataclass(frozen=True)
class Dependence:
    """The mean prediction at some values of one column.

    Attributes:
        column: its name.
        values: numbers float (m,), or a category's values as text.
        means: (outputs, m): the probability of each class or label, or the number.
        outputs: what each row of `means` is.
        rows: how many examples were averaged.
        step: of the checkpoint.
    """

    column: str
    values: np.ndarray
    means: np.ndarray
    outputs: tuple[str, ...]
    rows: int
    step: int

    @property
    def is_category(self) -> bool:
        """Whether the values are text."""
        return self.values.dtype == object


def measure_dependence(run, model: Predictor, split: str, place: int, job: Job) -> Dependence:
    """Returns the partial dependence on one column.

    Args:
        run: a `Run` of a table.
        model: of one of its checkpoints.
        split: whose examples are averaged, at most `MOST_ROWS` of them.
        place: of the column.
        job: told how much is done; gives way between batches.
    """
    from sklearn.inspection import partial_dependence

    # Here, because scikit-learn is slow to import.
    from trainer.analysis.attribution.estimator import FittedClassifier, FittedRegressor

    x, _ = sample_rows(run, split, MOST_ROWS)
    spec, values, calls = model.spec, grid_values(model.data, place, x[:, place]), 0
    columns = range(spec.num_classes) if spec.task == "multilabel" else [0]

    def call(rows: np.ndarray) -> np.ndarray:
        nonlocal calls
        job.give_way()
        calls += 1
        job.tell(min(calls / (len(values) * len(columns)), 1.0))
        return model.predict(rows, job.give_way)

    if spec.task == "classification":
        estimators = [FittedClassifier(call, spec.num_classes)]
    else:
        estimators = [FittedRegressor(call, column) for column in columns]
    means = np.concatenate(
        [
            partial_dependence(
                estimator, x, [place], custom_values={place: values}, method="brute", response_method=how_asked(spec)
            ).average
            for estimator in estimators
        ]
    )
    outputs = spec.class_labels or ("prediction",)
    # For two classes scikit-learn gives the second one alone.
    outputs = outputs[1:] if spec.task == "classification" and len(outputs) == 2 else outputs
    return Dependence(
        model.data.input_names[place], shown_values(model.data, place, values), means, outputs, len(x), model.step
    )


def how_asked(spec: DataSpec) -> str:
    """Returns which method of the estimator gives the averaged number."""
    return "predict_proba" if spec.task == "classification" else "auto"


def grid_values(data: DataSpec, place: int, known: np.ndarray) -> np.ndarray:
    """Returns the values that a column takes in turn, float32.

    Args:
        data: with the column.
        place: of the column.
        known: its values in the examples, NaN where they are missing; float32 (n,).
    """
    if data.columns and data.columns[place].kind == "category":
        return np.arange(1, min(len(data.columns[place].vocabulary), MOST_VALUES) + 1, dtype=np.float32)
    known = np.unique(known[np.isfinite(known)])
    if len(known) <= GRID:
        return known if len(known) else np.zeros(1, np.float32)
    low, high = np.quantile(known, (0.02, 0.98))
    return np.linspace(low, high, GRID, dtype=np.float32)


def shown_values(data: DataSpec, place: int, values: np.ndarray) -> np.ndarray:
    """Returns the values for people: a category's text, "(missing)" for none."""
    if data.columns and data.columns[place].kind == "category":
        vocabulary = data.columns[place].vocabulary
        return np.array([vocabulary[int(value) - 1] or "(missing)" for value in values], dtype=object)
    return values
