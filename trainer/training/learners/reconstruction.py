"""Reconstruction: a supervised learner whose target is its own input."""

from __future__ import annotations

import dataclasses

import numpy as np

from trainer.catalog.modules import Scaling
from trainer.config.data_spec import DataSpec
from trainer.training.learners.grid import image_grid
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
        self._data, self._scaling = data, Scaling(data)

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

    def samples(self):
        """Returns the examples above their reconstructions, or None if they are not images."""
        if self.examples is None or not self._data.is_image or self._data.rescale is None:
            return None
        originals = self._scaling(self.examples).numpy()
        copies = self.model(self.examples.astype(np.float32), training=False).numpy()
        return image_grid(np.concatenate([originals, copies]), columns=len(originals))


def from_parts(model, parts) -> ReconstructionLearner:
    """Returns the learner of a model that reproduces its input; see `trainer.training.build.Parts`."""
    return parts.supervised(model, ReconstructionLearner, data=parts.data)
