"""Rows with several labels: how often the model is right about each label."""

from __future__ import annotations

import numpy as np

from trainer.training.views.view import View, choose_examples, class_probabilities

MOST_ROWS = 2_000


class Labels(View):
    """Counts per label over at most 2,000 examples; a label is predicted from a probability of 0.5 on.

    Fixed: examples: how many.
    Frame: counts int32 (labels, 4): true positives, false positives, false negatives, true negatives.
    """

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, MOST_ROWS)
        self._goal, self._x, self._is_set = goal, chosen.x, chosen.y > 0.5
        self.fixed = {"examples": np.array(len(chosen.x)), "split": np.array(chosen.split)}

    def look(self, learner):
        """See `View.look`."""
        found = class_probabilities(learner, self._x, self._goal)
        if found is None:
            return None
        says, is_set = found >= 0.5, self._is_set
        counts = [says & is_set, says & ~is_set, ~says & is_set, ~says & ~is_set]
        return {"counts": np.stack([each.sum(axis=0) for each in counts], axis=1).astype(np.int32)}
