"""Builds a run's plan, its learner and data set, from a RunConfig."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from trainer.catalog.augmentation import build_augmentation
from trainer.config.arithmetic import ARITHMETIC
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import LOSSES, METRICS, MODELS
from trainer.config.run_config import RunConfig
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.training.baselines import measure_baselines
from trainer.training.engine.start_up import deterministic, load_engine

# Keras has one set of names and seeds per process, so two runs built at once would change each other.
_building = threading.Lock()


@dataclass(frozen=True)
class Plan:
    """What a config describes, ready to train.

    Attributes:
        learner: fresh, at step 0.
        dataset: split and ready.
        steps_per_epoch: optimizer steps per epoch.
        total_steps: optimizer steps in total.
        arithmetic: the one that the run began with; see `trainer.config.arithmetic`.
    """

    learner: object
    dataset: Dataset
    steps_per_epoch: int
    total_steps: int
    arithmetic: int = ARITHMETIC


@dataclass(frozen=True)
class Parts:
    """Everything a learner needs besides its model.

    A model's `learner` trait names the file in `trainer/training/learners/` whose `from_parts(model, parts)` builds it.

    Attributes:
        optimizer: function that returns a new optimizer; a learner of two models calls it twice.
        loss: function (y, prediction) → scalar.
        metrics: Keras metrics.
        config: the recipe.
        data: what the model sees, with statistics.
        class_weight: one number per class, or None.
        augmentation: Keras model that changes training images, or None.
        seeds: `Seeds`, for random numbers of the learner.
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
        """Returns a learner of `kind`, a subclass of `SupervisedLearner`, with its `extra` arguments."""
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


def build(config: RunConfig, known: DataSpec | None = None, arithmetic: int = ARITHMETIC) -> Plan:
    """Loads the data and builds the learner in this thread, on the current device.

    Args:
        config: the recipe.
        known: the data as measured when the run began; None for a new run.
        arithmetic: the one that the run began with; see `trainer.config.arithmetic`.

    Raises:
        ConfigError, DataError: something does not fit or is not available; the message says what to do.
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
    learner = build_learner(config, dataset.spec, weights, arithmetic)
    goal = seen_by(MODELS[config.model], dataset.spec)
    dataset.spec = replace(dataset.spec, baselines=measure_baselines(config, goal, dataset, weights))
    return Plan(learner, dataset, steps, steps * config.epochs, arithmetic)


def rebuild(plan: Plan, config: RunConfig) -> Plan:
    """Returns a plan with a new learner for a changed recipe on the same data."""
    learner = build_learner(config, plan.dataset.spec, class_weights(config, plan.dataset), plan.arithmetic)
    return replace(plan, learner=learner, total_steps=plan.steps_per_epoch * config.epochs)


def class_weights(config: RunConfig, dataset: Dataset) -> list[float] | None:
    """Returns how much an example of each class counts in training; None: all the same.

    Balanced: n / (classes · examples of the class), so that every class has the same total weight
    (King & Zeng 2001, as in scikit-learn). A class without examples is treated as having one.
    """
    if config.class_weight != "balanced":
        return config.class_weight
    counts = np.maximum(np.bincount(dataset.train.y, minlength=dataset.spec.num_classes), 1)
    return (len(dataset.train) / (len(counts) * counts)).tolist()


def build_learner(
    config: RunConfig, spec: DataSpec, class_weight: list[float] | None = None, arithmetic: int = ARITHMETIC
):
    """Builds model, optimizer, loss and metrics for the data that `spec` describes.

    Args:
        config: the recipe.
        spec: of the loaded data set, with its statistics.
        class_weight: how much an example of each class counts in training, or None.
        arithmetic: the one that the run began with; see `trainer.config.arithmetic`.

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
        # The catalogue seeds its own layers. This seeds custom layers that do not.
        keras.utils.set_random_seed(config.seed)
        head, seeds = head_for(goal, config.loss), Seeds(config.seed, arithmetic)
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

    # Seeds of its own, so that augmentation does not change the model's initial weights.
    model = build_augmentation(config.augmentation, 1 / data.rescale, Seeds(config.seed + 1))
    if model is not None:
        model.build((None, *data.input_shape))
    return model


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Sets Keras's thread-local dtype policy inside the block."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
