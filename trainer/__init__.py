"""Traindeck's engine: configure, train, pause and resume exactly, from Python or the shell.

Names that need TensorFlow are imported at their first use, so that the catalog is available at once.
"""

import importlib

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS, EXPORTS, LOSSES, METRICS, MODELS, OPTIMIZERS
from trainer.config.run_config import RunConfig
from trainer.data.dataset import Dataset
from trainer.data.values import Arrays
from trainer.errors import TrainerError
from trainer.runs.run import Run
from trainer.runs.store import RunStore

_LAZY = {
    "GANLearner": "trainer.training.learners",
    "HashedDropout": "trainer.catalog.dropout",
    "Learner": "trainer.training.learners",
    "ReconstructionLearner": "trainer.training.learners",
    "SupervisedLearner": "trainer.training.learners",
    "placement_of": "trainer.training.engine.placement",
    "predict": "trainer.analysis.predictions.predict",
    "train": "trainer.training.loop",
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
        from trainer.training.engine.start_up import load_engine

        load_engine()
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'trainer' has no attribute {name!r}")
