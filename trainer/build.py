"""RunConfig → learner and data set: the plan of a run."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from trainer.config import RunConfig
from trainer.dataset import Dataset, DataSpec, load_dataset
from trainer.engine import load_engine
from trainer.registry import LOSSES, METRICS, MODELS, OPTIMIZERS

# Keras keeps names and seeds for the whole process: two runs built at once would change each other.
_building = threading.Lock()


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
    return Plan(build_learner(config, dataset.spec), dataset, steps, steps * config.epochs)


def build_learner(config: RunConfig, spec: DataSpec):
    """Builds model, optimizer, loss and metrics for data as measured in `spec`.

    Args:
        config: the recipe.
        spec: of the loaded data set, with its statistics.

    Returns:
        SupervisedLearner: every initial value follows from `config.seed`.
    """
    load_engine()
    import keras

    from trainer.layers import Seeds, head_for
    from trainer.learners import SupervisedLearner

    with _building:
        # The catalogue seeds every layer itself; this is for layers of others that do not.
        keras.utils.set_random_seed(config.seed)
        head = head_for(spec, config.loss)
        return SupervisedLearner(
            MODELS[config.model].build(spec, head, Seeds(config.seed), **config.model_options),
            optimizer=OPTIMIZERS[config.optimizer].build(**config.optimizer_options),
            loss=LOSSES[config.loss].build(spec, **config.loss_options),
            metrics=[METRICS[name].build(spec, head) for name in config.metrics],
            clip_norm=config.clip_norm,
        )
