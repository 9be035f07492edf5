"""Images: which class the model sees in each."""

from __future__ import annotations

import numpy as np

from trainer.training.views.pixels import raw_range, to_pixels
from trainer.training.views.view import View, choose_examples, class_probabilities

COUNT = 24


class Images(View):
    """The probabilities of 24 images.

    Fixed: images uint8 (24, height, width, 1 or 3); targets: labels int32 (24,), or 0 and 1 float32 (24, labels).
    Frame: probabilities float16 (24, classes).
    """

    def __init__(self, goal, dataset, learner):
        chosen = choose_examples(dataset, COUNT)
        self._goal, self._x = goal, chosen.x
        images = to_pixels(chosen.x, *raw_range(chosen.x, goal.rescale))
        self.fixed = {"images": images, "targets": chosen.y, "split": np.array(chosen.split)}

    def look(self, learner):
        """See `View.look`."""
        found = class_probabilities(learner, self._x, self._goal)
        return None if found is None else {"probabilities": found}
