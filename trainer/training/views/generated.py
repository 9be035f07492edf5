"""GANs: what the generator makes of the same noise."""

from __future__ import annotations

import numpy as np

from trainer.training.views.pixels import to_pixels
from trainer.training.views.view import View

COUNT = 40


class Generated(View):
    """Images from 40 fixed draws of noise.

    Frame: images uint8 (40, height, width, 1 or 3).
    """

    needs = "generate"

    def __init__(self, goal, dataset, learner):
        self.fixed = {"split": np.array("")}

    def look(self, learner):
        """See `View.look`."""
        return {"images": to_pixels(learner.generate(COUNT))}
