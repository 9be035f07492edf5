"""What fits together: which models, losses and metrics can be used with which data."""

from __future__ import annotations

import dataclasses
from typing import Any

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS, Entry
from trainer.errors import ConfigError


def suggested_options(model: Entry, optimizer: str) -> dict[str, Any]:
    """Returns the options of an optimizer that a model learns better with than with the optimizer's own defaults."""
    return dict(model.traits.optimizer_options.get(optimizer, {}))


def suggested_model(spec: DataSpec) -> str:
    """Returns the model to try first on such data: the first that suits it, else the first that fits."""
    names = offered(MODELS, spec)
    return next((name for name in names if is_suited(MODELS[name], spec)), names[0])


def is_suited(model: Entry, spec: DataSpec) -> bool:
    """Returns whether a model is made for such data and can be built for it with its default options."""
    if not (model.traits.suits and model.traits.suits(spec)):
        return False
    try:
        if model.traits.check_data:
            model.traits.check_data(spec, model.parse({}))
    except ConfigError:
        return False
    return True


def seen_by(model: Entry, spec: DataSpec) -> DataSpec:
    """Returns the data as a model takes it: with the model's own task, if it has one."""
    return dataclasses.replace(spec, task=model.traits.task) if model.traits.task else spec


def why_not(entry: Entry, spec: DataSpec) -> str | None:
    """Returns why an entry cannot be used with such data, as a clause, or None if it can."""
    return entry.traits.accepts(spec) if entry.traits.accepts else None


def offered(registry, spec: DataSpec) -> list[str]:
    """Returns the names in a registry that fit such data, in order."""
    return [name for name in registry if why_not(registry[name], spec) is None]


def refuse_misfit(entry: Entry, spec: DataSpec, dataset: Entry, argument: str) -> None:
    """Raises ConfigError, with the reason and what to choose instead, where an entry does not fit the data."""
    reason = why_not(entry, spec)
    if reason:
        registry = {"model": MODELS, "loss": LOSSES, "metrics": METRICS}[argument]
        choices = ", ".join(offered(registry, spec))
        subject = "metrics:" if argument == "metrics" else argument
        raise ConfigError(
            f"{subject} {entry.name} does not fit dataset {dataset.name}: {reason}. Choose one of {choices}.", argument
        )


def dataset_spec(name: str, options: dict) -> DataSpec:
    """Returns what is known of a catalogue data set without loading it."""

    spec = DATASETS[name].traits.spec
    return spec(**options) if callable(spec) else spec
