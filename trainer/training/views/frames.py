"""FrameMaker: looks at the model between epochs, as often as training can spare the time."""

from __future__ import annotations

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.dataset import Dataset, take
from trainer.training.learners import Learner
from trainer.training.views.agreement import Agreement
from trainer.training.views.confusion import Confusion
from trainer.training.views.generated import Generated
from trainer.training.views.histograms import histograms
from trainer.training.views.images import Images
from trainer.training.views.kinds import view_kind
from trainer.training.views.labels import Labels
from trainer.training.views.line import Line
from trainer.training.views.reconstructions import Errors, Reconstructions
from trainer.training.views.sequences import Sequences
from trainer.training.views.surface import Surface
from trainer.training.views.view import View

VIEWS: dict[str, type[View]] = {
    "surface": Surface,
    "line": Line,
    "images": Images,
    "sequences": Sequences,
    "agreement": Agreement,
    "confusion": Confusion,
    "labels": Labels,
    "reconstructions": Reconstructions,
    "errors": Errors,
    "generated": Generated,
}
#: Seconds between two frames, at least.
FRAME_SECONDS = 2.0
#: A frame takes at most one part in so many of the time until the next one. The first frame also pays for what is
#: needed only once, so it counts less: the second one tells what a frame really takes.
REST, REST_AFTER_FIRST = 100, 5
#: Examples of the fixed batch whose gradients are counted, at most.
MOST_IN_BATCH = 256


class FrameMaker:
    """Makes the frames of one session.

    Args:
        goal: the data as the model sees it.
        dataset: where the examples come from.
        has_histograms: whether frames also hold histograms of weights and gradients.

    Attributes:
        fixed: what all frames share, once the first is made; "kind" names the view, "" if there is none.
    """

    def __init__(self, goal: DataSpec, dataset: Dataset, *, has_histograms: bool = False):
        self._goal, self._dataset, self._has_histograms = goal, dataset, has_histograms
        self._view: View | None = None
        self._kind = view_kind(goal)
        self._next = float("-inf")
        self._is_first = True
        self.fixed: dict[str, np.ndarray] = {}

    def is_due(self, now: float) -> bool:
        """Returns whether the next frame may be made; seconds, as for `rest`."""
        return self.has_frames and now >= self._next

    @property
    def has_frames(self) -> bool:
        """Whether there is anything to show of this model."""
        return self._kind is not None or self._has_histograms

    def make(self, learner: Learner) -> dict[str, np.ndarray] | None:
        """Returns what the model sees now; None if there is nothing to show, and then there never will be.

        Call it between steps only. It changes no state.
        """
        if self._view is None and self._kind is not None:
            kind = VIEWS[self._kind]
            self._view = kind(self._goal, self._dataset, learner) if hasattr(learner, kind.needs) else None
        frame = self._view.look(learner) if self._view else None
        if frame is None:
            self._kind = self._view = None
        if not self.has_frames:
            return None
        self.fixed = {"kind": np.array(self._kind or ""), **(self._view.fixed if self._view else {})}
        return (frame or {}) | (histograms(learner, self._batch(learner)) if self._has_histograms else {})

    def give_up(self) -> None:
        """Makes no more frames."""
        self._kind, self._view, self._has_histograms = None, None, False

    def rest(self, began: float, ended: float) -> None:
        """Decides when the next frame is due, from the seconds at which the last one began and was stored."""
        parts = REST_AFTER_FIRST if self._is_first else REST
        self._is_first = False
        self._next = ended + max(FRAME_SECONDS, parts * (ended - began))

    def _batch(self, learner: Learner) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(0, min(learner.batch_size or MOST_IN_BATCH, MOST_IN_BATCH))
        return take(self._dataset.train.x, rows), take(self._dataset.train.y, rows)
