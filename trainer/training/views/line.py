"""One input: the fitted line."""

from __future__ import annotations

from trainer.training.views.surface import choose_points
from trainer.training.views.view import View, class_probabilities, filled, predicted_numbers, spread

#: Places along the line.
PLACES = 200


class Line(View):
    """The prediction as a function of the only input.

    Fixed: x float32 (200,); points float32 (n,); targets (n,); held_out bool (n,).
    Frame: line, values float32 (200,), or probabilities float16 (200, classes).
    """

    def __init__(self, goal, dataset, learner):
        self._goal = goal
        points, targets, held_out, split = choose_points(dataset)
        points = filled(points, goal)[:, 0]
        self.fixed = {
            "x": spread(points, PLACES),
            "points": points,
            "targets": targets,
            "held_out": held_out,
            "split": split,
        }

    def look(self, learner):
        """See `View.look`."""
        x = self.fixed["x"][:, None]
        if self._goal.task == "classification":
            found = class_probabilities(learner, x, self._goal)
        else:
            found = predicted_numbers(learner, x)
        return None if found is None else {"line": found}
