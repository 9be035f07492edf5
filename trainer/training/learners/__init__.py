"""Learners: who owns the models and optimizers and knows one train step."""

from trainer.training.learners.gan import GANLearner
from trainer.training.learners.learner import Learner
from trainer.training.learners.reconstruction import ReconstructionLearner
from trainer.training.learners.supervised import SupervisedLearner

__all__ = ["GANLearner", "Learner", "ReconstructionLearner", "SupervisedLearner"]
