"""Rows with a class: which classes the model takes for which."""

from __future__ import annotations

import numpy as np

from trainer.training.views.view import View, choose_examples, class_probabilities

MOST_ROWS = 2_000


class Confusion(View):
    """The confusion matrix over at most 2,000 examples.

    Fixed: targets int32 (n,).
    Frame: confusion int32 (classes, classes), by true class (row) and predicted class (column).
    """

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, MOST_ROWS)
        self._goal, self._x, self._y = goal, chosen.x, chosen.y
        self.fixed = {"targets": chosen.y, "split": np.array(chosen.split)}

    def look(self, learner):
        """See `View.look`."""
        found = class_probabilities(learner, self._x, self._goal)
        if found is None:
            return None
        classes = self._goal.num_classes
        cells = self._y.astype(np.int64) * classes + found.argmax(axis=1)
        return {"confusion": np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.int32)}
