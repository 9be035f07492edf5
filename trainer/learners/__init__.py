"""Learners: who owns the models and optimizers and knows one train step."""

from trainer.learners.gan import GANLearner
from trainer.learners.learner import Learner
from trainer.learners.reconstruction import ReconstructionLearner
from trainer.learners.supervised import SupervisedLearner

__all__ = ["GANLearner", "Learner", "ReconstructionLearner", "SupervisedLearner"]
