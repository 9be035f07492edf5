"""Traindeck's engine: configure, train, pause and resume exactly, from Python or the shell.

What needs TensorFlow is loaded at the first use of its name, so that the catalogue is there at once.
"""

import importlib

from trainer.config import RunConfig
from trainer.dataset import Arrays, Dataset, DataSpec
from trainer.errors import TrainerError
from trainer.registry import DATASETS, EXPORTS, LOSSES, METRICS, MODELS, OPTIMIZERS
from trainer.run import Run
from trainer.store import RunStore

_LAZY = {
    "GANLearner": "trainer.learners",
    "Learner": "trainer.learners",
    "ReconstructionLearner": "trainer.learners",
    "SupervisedLearner": "trainer.learners",
    "train": "trainer.loop",
}

__all__ = [
    "DATASETS",
    "EXPORTS",
    "LOSSES",
    "METRICS",
    "MODELS",
    "OPTIMIZERS",
    "Arrays",
    "DataSpec",
    "Dataset",
    "Run",
    "RunConfig",
    "RunStore",
    "TrainerError",
    *_LAZY,
]


def __getattr__(name: str):
    if name in _LAZY:
        from trainer.engine import load_engine

        load_engine()
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'trainer' has no attribute {name!r}")
