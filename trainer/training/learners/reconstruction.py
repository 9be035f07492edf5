"""Reconstruction: a supervised learner whose target is its own input."""

from __future__ import annotations

import dataclasses

import numpy as np

from trainer.catalog.modules import Scaling
from trainer.config.data_spec import DataSpec
from trainer.training.learners.supervised import SupervisedLearner


class ReconstructionLearner(SupervisedLearner):
    """Trains a model to reproduce its scaled input; the targets of the data set are ignored.

    Args:
        model: from raw x (batch, *input_shape) to float32 of the same shape, in the scaled inputs' units.
        data: how raw values are scaled.
        options: of `SupervisedLearner`.
    """

    def __init__(self, model, *, data: DataSpec, **options):
        super().__init__(model, **options)
        self._scaling = Scaling(data)

    def train_step(self, batch, step):
        """See `Learner.train_step`."""
        x, _ = batch
        return super().train_step((x, self._scaling(x)), step)

    def eval_step(self, batch):
        """See `Learner.eval_step`."""
        x, _ = batch
        super().eval_step((x, self._scaling(x)))

    def accept(self, split):
        """See `Learner.accept`. Labels are ignored."""
        super().accept(dataclasses.replace(split, labels=None))

    def variables(self):
        """See `Learner.variables`."""
        return super().variables() | {"scaling": list(self._scaling.variables)}

    def gradients(self, batch):
        """See `Learner.gradients`."""
        x, _ = batch
        return super().gradients((x, self.scaled(x)))

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """Returns what the model is to reproduce, float32 (n, …), of raw examples (n, *input_shape)."""
        return self._scaling(x).numpy()


def from_parts(model, parts) -> ReconstructionLearner:
    """Returns the learner of a model that reproduces its input; see `trainer.training.build.Parts`."""
    return parts.supervised(model, ReconstructionLearner, data=parts.data)
