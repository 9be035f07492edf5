"""RunConfig → learner and data set: the plan of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from trainer.config import RunConfig, seen_by
from trainer.dataset import Dataset, DataSpec, load_dataset
from trainer.engine import load_engine
from trainer.registry import LOSSES, METRICS, MODELS, OPTIMIZERS

# Keras keeps names and seeds for the whole process: two runs built at once would change each other.
_building = threading.Lock()
#: How many examples a learner may show what it makes of.
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
    """What a learner is made of beside its model; a model's `learner` trait takes (model, parts).

    Attributes:
        optimizer: makes a fresh optimizer; a learner of two models calls it twice.
        loss: function (y, prediction) → scalar.
        metrics: Keras metrics.
        config: the recipe.
        data: what the model sees, with statistics.
        seeds: `Seeds`, for what the learner draws itself.
    """

    optimizer: Callable
    loss: Callable
    metrics: list
    config: RunConfig
    data: DataSpec
    seeds: Callable[[], int]

    def supervised(self, model, kind: type, **extra):
        """Returns a learner of `kind`, a subclass of `SupervisedLearner`, with `extra` arguments of its own."""
        return supervised(model, self, kind, **extra)


def build(config: RunConfig) -> Plan:
    """Loads the data and builds the learner in this thread, on the device in force.

    Raises:
        ConfigError, DataError: what does not fit or cannot be had, and what to do.
    """
    load_engine()
    dataset = load_dataset(
        config.dataset, config.dataset_options, validation_split=config.validation_split, seed=config.seed
    )
    steps = dataset.steps_per_epoch(config.batch_size)
    learner = build_learner(config, dataset.spec)
    learner.examples = (dataset.validation or dataset.train).x[:EXAMPLES]
    return Plan(learner, dataset, steps, steps * config.epochs)


def build_learner(config: RunConfig, spec: DataSpec):
    """Builds model, optimizer, loss and metrics for data as measured in `spec`.

    Args:
        config: the recipe.
        spec: of the loaded data set, with its statistics.

    Returns:
        Learner: every initial value follows from `config.seed`.
    """
    load_engine()
    import keras

    from trainer.layers import Seeds, head_for

    entry = MODELS[config.model]
    goal = seen_by(entry, spec)
    with _building:
        # The catalogue seeds every layer itself; this is for layers of others that do not.
        keras.utils.set_random_seed(config.seed)
        head, seeds = head_for(goal, config.loss), Seeds(config.seed)
        model = entry.build(goal, head, seeds, **config.model_options)
        make_learner = entry.traits.get("learner", supervised)
        return make_learner(
            model,
            Parts(
                optimizer=lambda: OPTIMIZERS[config.optimizer].build(**config.optimizer_options),
                loss=LOSSES[config.loss].build(goal, **config.loss_options),
                metrics=[METRICS[name].build(goal, head) for name in config.metrics],
                config=config,
                data=goal,
                seeds=seeds,
            ),
        )


def supervised(model, parts: Parts, kind: type | None = None, **extra):
    """Returns the learner of models that predict a target: the usual case.

    Args:
        model: the model.
        parts: what else a learner is made of.
        kind: a subclass of `SupervisedLearner`, or None for itself.
        extra: arguments that this subclass takes beside.
    """
    from trainer.learners import SupervisedLearner

    return (kind or SupervisedLearner)(
        model,
        optimizer=parts.optimizer(),
        loss=parts.loss,
        metrics=parts.metrics,
        clip_norm=parts.config.clip_norm,
        **extra,
    )
