"""Sequences: which class the model sees in each."""

from __future__ import annotations

import numpy as np

from trainer.training.views.view import View, choose_examples, class_probabilities

COUNT, MOST_STEPS, MOST_VALUES = 12, 200, 3


class Sequences(View):
    """The probabilities of 12 sequences.

    Fixed: sequences float32 (12, steps, values), at most 200 steps and the first 3 values of each; targets int32 (12,);
    every: how many steps one stands for.
    Frame: probabilities float16 (12, classes).
    """

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, COUNT)
        self._goal, self._x = goal, chosen.x
        every = -(-chosen.x.shape[1] // MOST_STEPS)
        self.fixed = {
            "sequences": chosen.x[:, ::every, :MOST_VALUES].astype(np.float32),
            "targets": chosen.y,
            "every": np.array(every),
            "split": np.array(chosen.split),
        }

    def look(self, learner):
        """See `View.look`."""
        found = class_probabilities(learner, self._x, self._goal)
        return None if found is None else {"probabilities": found}
