"""A trained model as scikit-learn's inspection tools take it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from trainer.analysis.evaluation.predictions import class_scores, predicted_classes


class FittedModel(BaseEstimator):
    """A model that is already trained.

    Args:
        call: function of raw examples, float32 (n, columns), that returns outputs (n, …).
    """

    def __init__(self, call: Callable[[np.ndarray], np.ndarray]):
        self.call = call

    def fit(self, x, y=None):
        """Does nothing: the model is trained."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def output(self, x: np.ndarray) -> np.ndarray:
        """Returns the model's outputs, float32 (n, k)."""
        return self.call(np.asarray(x, np.float32))


class FittedClassifier(ClassifierMixin, FittedModel):
    """A trained classifier; its classes are their numbers.

    Args:
        call: see `FittedModel`.
        classes: how many there are.
    """

    def __init__(self, call: Callable[[np.ndarray], np.ndarray], classes: int):
        super().__init__(call)
        self.classes = classes

    @property
    def classes_(self) -> np.ndarray:
        """The classes, int (classes,)."""
        return np.arange(self.classes)

    def predict_proba(self, x) -> np.ndarray:
        """Returns the probability of each class, float32 (n, classes)."""
        return class_scores(self.output(x))

    def predict(self, x) -> np.ndarray:
        """Returns the class of each example, int (n,)."""
        return predicted_classes(self.output(x))


class FittedRegressor(RegressorMixin, FittedModel):
    """A trained regression, or one label's probability of a multilabel model.

    Args:
        call: see `FittedModel`.
        column: of the outputs.
    """

    def __init__(self, call: Callable[[np.ndarray], np.ndarray], column: int = 0):
        super().__init__(call)
        self.column = column

    def predict(self, x) -> np.ndarray:
        """Returns a number for each example, float32 (n,)."""
        return self.output(x)[:, self.column]
