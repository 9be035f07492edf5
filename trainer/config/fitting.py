"""Which models, losses and metrics fit which data."""

from __future__ import annotations

import dataclasses
from typing import Any

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS, Entry
from trainer.errors import ConfigError


def suggested_options(model: Entry, optimizer: str) -> dict[str, Any]:
    """Returns options that suit the model better than the optimizer's defaults."""
    return dict(model.traits.optimizer_options.get(optimizer, {}))


def suggested_model(spec: DataSpec) -> str:
    """Returns the model to try first on such data: the first one that suits it, else the first that fits."""
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
    """Returns the spec as a model sees it: with the model's own task, if it has one."""
    return dataclasses.replace(spec, task=model.traits.task) if model.traits.task else spec


def why_not(entry: Entry, spec: DataSpec) -> str | None:
    """Returns why an entry cannot be used with such data, as a clause, or None if it can."""
    return entry.traits.accepts(spec) if entry.traits.accepts else None


def offered(registry, spec: DataSpec) -> list[str]:
    """Returns the names of the entries that fit such data, in order."""
    return [name for name in registry if why_not(registry[name], spec) is None]


def refuse_misfit(entry: Entry, spec: DataSpec, dataset: Entry, argument: str) -> None:
    """Raises ConfigError if an entry does not fit the data, with the reason and the alternatives."""
    reason = why_not(entry, spec)
    if reason:
        registry = {"model": MODELS, "loss": LOSSES, "metrics": METRICS}[argument]
        choices = ", ".join(offered(registry, spec))
        subject = "metrics:" if argument == "metrics" else argument
        raise ConfigError(
            f"{subject} {entry.name} does not fit dataset {dataset.name}: {reason}. Choose one of {choices}.", argument
        )


def dataset_spec(name: str, options: dict) -> DataSpec:
    """Returns the spec of a data set. This is the one place that looks it up.

    For a data file, the reader keeps what it has read, and reads again only if the file has changed.

    Raises:
        ConfigError: no such data set, or an option does not fit the file.
        DataError: a data file is missing, unreadable, or cannot be trained on.
    """
    spec = DATASETS[name].traits.spec
    return spec(**options) if callable(spec) else spec
