"""Autoencoders: what comes back of each input."""

from __future__ import annotations

import numpy as np

from trainer.training.views.pixels import to_pixels
from trainer.training.views.view import View, choose_examples

COUNT, MOST_ROWS = 20, 500


class Reconstructions(View):
    """Twenty images and their reconstructions.

    Fixed: images uint8 (20, height, width, 1 or 3).
    Frame: reconstructions uint8, of the same shape.
    """

    needs = "scaled"

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, COUNT)
        scaled = learner.scaled(chosen.x)
        self._x = chosen.x
        self._range = (0.0, 1.0) if goal.rescale else (float(scaled.min()), float(scaled.max()))
        self.fixed = {"images": to_pixels(scaled, *self._range), "split": np.array(chosen.split)}

    def look(self, learner):
        """See `View.look`."""
        found = learner.predict(self._x)
        is_like = found is not None and found.shape == self._x.shape
        return {"reconstructions": to_pixels(found, *self._range)} if is_like else None


class Errors(View):
    """The mean absolute error of each input column over at most 500 examples, in scaled units.

    Those of a sequence are averaged over its steps.

    Frame: error float32 (columns,).
    """

    needs = "scaled"

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, MOST_ROWS)
        self._x, self._scaled = chosen.x, learner.scaled(chosen.x)
        self.fixed = {"split": np.array(chosen.split)}

    def look(self, learner):
        """See `View.look`."""
        found = learner.predict(self._x)
        if found is None or found.shape != self._scaled.shape:
            return None
        return {"error": np.abs(found - self._scaled).reshape(-1, found.shape[-1]).mean(axis=0)}
