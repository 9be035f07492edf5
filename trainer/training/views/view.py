"""What every view has, and what views share: fixed examples and checked predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.training.learners import Learner


class View(ABC):
    """What a model makes of the same examples all through a run.

    Args:
        goal: the data as the model sees it.
        dataset: where the examples come from.
        learner: of the run, or one like it.

    Attributes:
        fixed: arrays that stay the same during the run, such as the examples. "split" says where these come from:
            "validation", "training" or "both"; "" if there are none.
    """

    fixed: Mapping[str, np.ndarray]
    #: The method that a learner must have.
    needs = "predict"

    @abstractmethod
    def __init__(self, goal: DataSpec, dataset: Dataset, learner: Learner): ...

    @abstractmethod
    def look(self, learner: Learner) -> dict[str, np.ndarray] | None:
        """Returns small arrays, or None if the model's output is not what this view shows.

        Call it between steps only. It changes nothing.
        """


@dataclass(frozen=True)
class Examples:
    """Some examples of one split.

    Attributes:
        x: (n, *input_shape), raw.
        y: as in `Split`.
        split: "validation", or "training" if nothing is held out.
    """

    x: np.ndarray
    y: np.ndarray
    split: str


def choose_examples(dataset: Dataset, most: int) -> Examples:
    """Returns at most so many validation examples, the same at each call; training examples where none are held out."""
    held_out = dataset.validation
    split, name = (held_out, "validation") if held_out is not None else (dataset.train, "training")
    rows = choose_rows(len(split), most)
    return Examples(np.asarray(split.x[rows]), split.y[rows], name)


def choose_rows(count: int, most: int) -> np.ndarray:
    """Returns the indices of at most `most` of `count` rows, in order, the same at each call."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))


def class_probabilities(learner: Learner, x: np.ndarray, goal: DataSpec) -> np.ndarray | None:
    """Returns one probability per class or label, float16 (n, classes); None if the model gives something else."""
    found = learner.predict(x)
    if found is None:
        return None
    if goal.num_classes == 2 and goal.task == "classification" and found.size == len(x):
        positive = found.reshape(len(x), 1)
        found = np.concatenate([1 - positive, positive], axis=1)
    return found.astype(np.float16) if found.shape == (len(x), goal.num_classes) else None


def predicted_numbers(learner: Learner, x: np.ndarray) -> np.ndarray | None:
    """Returns one number per example, float32 (n,); None if the model gives something else."""
    found = learner.predict(x)
    return found.reshape(len(x)) if found is not None and found.size == len(x) else None


def filled(x: np.ndarray, goal: DataSpec) -> np.ndarray:
    """Returns rows of numbers, with a column's fill in place of each missing value."""
    fills = np.array([column.fill for column in goal.columns] or 0.0, np.float32)
    return np.where(np.isnan(x), fills, x)


def spread(values: np.ndarray, count: int, margin: float = 0.08) -> np.ndarray:
    """Returns evenly spaced numbers, float32 (count,), that cover the values and a margin on both sides."""
    low, high = float(values.min()), float(values.max())
    width = (high - low) or 1.0
    return np.linspace(low - margin * width, high + margin * width, count, dtype=np.float32)
