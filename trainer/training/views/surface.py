"""Two inputs: the predictions over the whole plane."""

from __future__ import annotations

import numpy as np

from trainer.training.views.view import View, choose_rows, class_probabilities, filled, predicted_numbers, spread

#: Grid points on each axis, and points drawn over the surface.
SIDE, MOST_POINTS = 60, 500


class Surface(View):
    """Probabilities or predicted values on a grid, with examples of both splits, validation first.

    Fixed: x, y float32 (60,); points float32 (n, 2); targets (n,): labels int32 or values float32; held_out bool (n,).
    Frame: surface, by row (y) and column (x): probabilities float16 (60, 60, classes), or values float32 (60, 60).
    """

    def __init__(self, goal, dataset, learner):
        self._goal = goal
        points, targets, held_out, split = choose_points(dataset)
        points = filled(points, goal)
        x, y = spread(points[:, 0], SIDE), spread(points[:, 1], SIDE)
        self._grid = np.stack([plane.reshape(-1) for plane in np.meshgrid(x, y)], axis=1)
        self.fixed = {
            "x": x,
            "y": y,
            "points": points,
            "targets": targets,
            "held_out": held_out,
            "split": split,
        }

    def look(self, learner):
        """See `View.look`."""
        if self._goal.task == "classification":
            found = class_probabilities(learner, self._grid, self._goal)
            return None if found is None else {"surface": found.reshape(SIDE, SIDE, -1)}
        found = predicted_numbers(learner, self._grid)
        return None if found is None else {"surface": found.reshape(SIDE, SIDE)}


def choose_points(dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns at most 500 examples, as many as possible from the validation split.

    Returns:
        x float32 (n, inputs), targets (n,), whether each is a validation example, bool (n,), and which splits they
        are from: see `View.fixed`.
    """
    x, y, held_out, left = [], [], [], MOST_POINTS
    for split, is_held_out in ((dataset.validation, True), (dataset.train, False)):
        if split is not None and left:
            rows = choose_rows(len(split), left)
            x.append(np.asarray(split.x[rows], np.float32))
            y.append(split.y[rows].reshape(-1))
            held_out.append(np.full(len(rows), is_held_out))
            left -= len(rows)
    is_held_out = np.concatenate(held_out)
    split = "validation" if is_held_out.all() else "both" if is_held_out.any() else "training"
    return np.concatenate(x), np.concatenate(y), is_held_out, np.array(split)
