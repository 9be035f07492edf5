"""RunConfig → learner and data set: the plan of a run."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from trainer.catalog.augmentation import build_augmentation
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import LOSSES, METRICS, MODELS
from trainer.config.run_config import RunConfig
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.training.baselines import measure_baselines
from trainer.training.engine.start_up import deterministic, load_engine

# Keras keeps names and seeds for the whole process: two runs built at once would change each other.
_building = threading.Lock()
#: How many examples a learner may show with its samples.
EXAMPLES = 10


@dataclass(frozen=True)
class Plan:
    """What a config stands for.

    Attributes:
        learner: fresh, at step 0.
        dataset: split and ready.
        steps_per_epoch: optimizer steps in one pass.
        total_steps: optimizer steps in all.
    """

    learner: object
    dataset: Dataset
    steps_per_epoch: int
    total_steps: int


@dataclass(frozen=True)
class Parts:
    """What a learner is made of beside its model.

    A model's `learner` trait names the file in `trainer/training/learners/` whose `from_parts(model, parts)` builds it.

    Attributes:
        optimizer: makes a fresh optimizer; a learner of two models calls it twice.
        loss: function (y, prediction) → scalar.
        metrics: Keras metrics.
        config: the recipe.
        data: what the model sees, with statistics.
        class_weight: one number a class, or None.
        augmentation: Keras model that changes training images, or None.
        seeds: `Seeds`, for what the learner draws itself.
    """

    optimizer: Callable
    loss: Callable
    metrics: list
    config: RunConfig
    data: DataSpec
    class_weight: list[float] | None
    augmentation: object | None
    seeds: Callable[[], int]

    def supervised(self, model, kind: type, **extra):
        """Returns a learner of `kind`, a subclass of `SupervisedLearner`, with `extra` arguments of its own."""
        return kind(
            model,
            optimizer=self.optimizer(),
            loss=self.loss,
            metrics=self.metrics,
            clip_norm=self.config.clip_norm,
            clip_value=self.config.clip_value,
            l1=self.config.l1,
            l2=self.config.l2,
            class_weight=self.class_weight,
            augmentation=self.augmentation,
            **extra,
        )


def build(config: RunConfig, known: DataSpec | None = None) -> Plan:
    """Loads the data and builds the learner in this thread, on the device in force.

    Args:
        config: the recipe.
        known: the run's data as it was measured when the run began, or None at its beginning.

    Raises:
        ConfigError, DataError: what does not fit or cannot be had, and what to do.
    """
    load_engine()
    dataset = load_dataset(
        config.dataset,
        config.dataset_options,
        validation_split=config.validation_split,
        seed=config.seed,
        known=known,
    )
    steps = dataset.steps_per_epoch(config.batch_size)
    weights = class_weights(config, dataset)
    learner = build_learner(config, dataset.spec, weights)
    goal = seen_by(MODELS[config.model], dataset.spec)
    dataset.spec = replace(dataset.spec, baselines=measure_baselines(config, goal, dataset, weights))
    learner.examples = (dataset.validation or dataset.train).x[:EXAMPLES]
    return Plan(learner, dataset, steps, steps * config.epochs)


def rebuild(plan: Plan, config: RunConfig) -> Plan:
    """Returns a plan with a fresh learner for a changed recipe of the same data."""
    learner = build_learner(config, plan.dataset.spec, class_weights(config, plan.dataset))
    learner.examples = plan.learner.examples
    return Plan(learner, plan.dataset, plan.steps_per_epoch, plan.steps_per_epoch * config.epochs)


def class_weights(config: RunConfig, dataset: Dataset) -> list[float] | None:
    """Returns how much an example of each class counts in training; None: all alike.

    Balanced: n / (classes · examples of the class), so that every class counts the same in sum
    (King & Zeng 2001, as in scikit-learn). A class without examples counts as one with one.
    """
    if config.class_weight != "balanced":
        return config.class_weight
    counts = np.maximum(np.bincount(dataset.train.y, minlength=dataset.spec.num_classes), 1)
    return (len(dataset.train) / (len(counts) * counts)).tolist()


def build_learner(config: RunConfig, spec: DataSpec, class_weight: list[float] | None = None):
    """Builds model, optimizer, loss and metrics for data as measured in `spec`.

    Args:
        config: the recipe.
        spec: of the loaded data set, with its statistics.
        class_weight: how much an example of each class counts in training, or None.

    Returns:
        Learner: every initial value follows from `config.seed`.
    """
    load_engine()
    import keras

    from trainer.catalog.layers import Seeds, head_for
    from trainer.training.optimization import make_optimizer

    entry = MODELS[config.model]
    goal = seen_by(entry, spec)
    with _building, deterministic(), dtype_policy(config.precision):
        # The catalogue seeds every layer itself; this is for layers of others that do not.
        keras.utils.set_random_seed(config.seed)
        head, seeds = head_for(goal, config.loss), Seeds(config.seed)
        model = entry.build(goal, head, seeds, **config.model_options)
        learners = importlib.import_module(f"trainer.training.learners.{entry.traits.learner}")
        return learners.from_parts(
            model,
            Parts(
                optimizer=lambda: make_optimizer(config, spec),
                loss=LOSSES[config.loss].build(goal, **config.loss_options),
                metrics=[METRICS[name].build(goal, head) for name in config.metrics],
                config=config,
                data=goal,
                class_weight=class_weight,
                augmentation=augmentation_of(config, goal),
                seeds=seeds,
            ),
        )


def augmentation_of(config: RunConfig, data: DataSpec):
    """Returns the Keras model that changes training images, or None; built on one image's shape."""
    if config.augmentation is None:
        return None
    from trainer.catalog.layers import Seeds

    # A stream of its own: switching it on leaves the model's initial weights as they were.
    model = build_augmentation(config.augmentation, 1 / data.rescale, Seeds(config.seed + 1))
    if model is not None:
        model.build((None, *data.input_shape))
    return model


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Has layers built inside the block compute in a precision; Keras keeps this for each thread apart."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
