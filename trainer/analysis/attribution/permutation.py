"""Permutation importance: how much worse a model gets when one column is shuffled (Breiman 2001, §10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.analysis.jobs import Job
from trainer.analysis.predictor import Predictor
from trainer.analysis.run_data import load_split

#: Examples that are shuffled, and how often each column is.
MOST_ROWS, REPEATS = 1000, 5


@dataclass(frozen=True)
class Importance:
    """How much the score falls when a column is shuffled.

    Attributes:
        names: of the columns.
        mean, std: over `REPEATS` shuffles, float (columns,), in units of the score.
        score: of the unshuffled examples.
        measure: what the score is: "accuracy", "R²" or "share of right labels".
        rows: how many examples were used.
        split: their split.
        step: of the checkpoint.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    score: float
    measure: str
    rows: int
    split: str
    step: int


def sample_rows(run, split: str, most: int = MOST_ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Returns raw examples and targets of a split: at most so many, the same each time, in order."""
    data = load_split(run, split)
    rows = np.arange(len(data))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(run.config.seed).choice(rows, most, replace=False))
    return np.asarray(data.x[rows], np.float32), np.asarray(data.y[rows])


def label_accuracy(estimator, x: np.ndarray, y: np.ndarray) -> float:
    """Returns the share of right labels of a multilabel model."""
    return float(np.mean((estimator.output(x) > 0.5) == (y > 0.5)))


def measure_importance(run, model: Predictor, split: str, job: Job) -> Importance:
    """Returns the permutation importance of each column.

    Args:
        run: a `Run` of a table.
        model: of one of its checkpoints.
        split: whose examples are shuffled, at most `MOST_ROWS` of them.
        job: told how much is done; gives way between batches.
    """
    from sklearn.inspection import permutation_importance

    # Here, because scikit-learn is slow to import.
    from trainer.analysis.attribution.estimator import FittedClassifier, FittedRegressor

    x, y = sample_rows(run, split)
    names, spec, calls = model.data.input_names, model.spec, 0

    def call(rows: np.ndarray) -> np.ndarray:
        nonlocal calls
        job.give_way()
        calls += 1
        job.tell(min(calls / (REPEATS * len(names) + 1), 1.0))
        return model.predict(rows, job.give_way)

    if spec.task == "classification":
        estimator, scoring, measure = FittedClassifier(call, spec.num_classes), "accuracy", "accuracy"
    elif spec.task == "multilabel":
        estimator, scoring, measure = FittedRegressor(call), label_accuracy, "share of right labels"
    else:
        estimator, scoring, measure = FittedRegressor(call), "r2", "R²"
        y = y.reshape(-1)
    scores = []

    def noted(estimator, x, y):
        from sklearn.metrics import get_scorer

        scores.append((get_scorer(scoring) if isinstance(scoring, str) else scoring)(estimator, x, y))
        return scores[-1]

    # The first score is that of the unshuffled examples.
    found = permutation_importance(estimator, x, y, scoring=noted, n_repeats=REPEATS, random_state=run.config.seed)
    return Importance(
        names, found.importances_mean, found.importances_std, float(scores[0]), measure, len(x), split, model.step
    )
