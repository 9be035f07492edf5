"""Learners: who owns the models and optimizers and knows one train step."""

from trainer.learners.learner import Learner
from trainer.learners.supervised import SupervisedLearner

__all__ = ["Learner", "SupervisedLearner"]
