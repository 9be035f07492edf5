"""Sizes of the training and validation splits."""

from __future__ import annotations

from trainer.config.data_spec import DataSpec
from trainer.errors import ConfigError


def count_validation(examples: int, validation_split: float) -> int:
    """Returns how many of `examples` are held out for validation; at least 1 if the split is not 0."""
    return max(1, round(examples * validation_split)) if validation_split else 0


def count_training(spec: DataSpec, validation_split: float) -> int:
    """Returns the number of training examples: all, if the data set has its own validation split."""
    return spec.examples - (0 if spec.validation_examples else count_validation(spec.examples, validation_split))


def check_batch_size(batch_size: int, spec: DataSpec, validation_split: float) -> None:
    """Raises ConfigError if a batch is larger than the training split."""
    training = count_training(spec, validation_split)
    if training < 1:
        raise ConfigError(
            f"validation_split must leave at least one training example. Received: {validation_split} of "
            f"{spec.examples} examples. Choose a smaller validation_split.",
            "validation_split",
        )
    if batch_size > training:
        raise ConfigError(
            f"batch_size must be between 1 and {training} (the number of training examples). "
            f"Received: {batch_size}. Choose a smaller batch.",
            "batch_size",
        )
