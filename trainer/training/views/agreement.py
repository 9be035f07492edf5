"""Regression: predicted against true values."""

from __future__ import annotations

import numpy as np

from trainer.training.views.view import View, choose_examples, predicted_numbers

MOST_ROWS = 500


class Agreement(View):
    """The predictions for at most 500 examples.

    Fixed: targets float32 (n,).
    Frame: predicted float32 (n,), in the target's own units.
    """

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, MOST_ROWS)
        self._x = chosen.x
        self.fixed = {"targets": chosen.y.reshape(len(chosen.y)), "split": np.array(chosen.split)}

    def look(self, learner):
        """See `View.look`."""
        found = predicted_numbers(learner, self._x)
        return None if found is None else {"predicted": found}
