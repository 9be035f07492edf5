"""The catalogue as JSON-ready lists. Nothing here loads TensorFlow."""

from __future__ import annotations

from trainer.config.options import Option, describe_option
from trainer.config.recipe import NESTED
from trainer.config.registry import DATASETS, EXPORTS, LOSSES, METRICS, MODELS, OPTIMIZERS, SCHEDULES, Registry
from trainer.config.run_config import RunConfig
from trainer.training.engine.devices import find_devices

_REGISTRIES = {
    "models": MODELS,
    "datasets": DATASETS,
    "optimizers": OPTIMIZERS,
    "losses": LOSSES,
    "metrics": METRICS,
    "schedules": SCHEDULES,
    "exports": EXPORTS,
}
#: The fields of a RunConfig that name entries of a registry; all others are settings.
_NAMES = ("model", "dataset", "optimizer", "loss", "metrics", "schedule")


def list_choices() -> dict[str, list[dict]]:
    """Lists everything that a configuration can name.

    Returns:
        Lists of entries: models, datasets, optimizers, losses, metrics, schedules, settings, exports, devices.
        Each entry has name, label and help; its `options` are as in `describe`.
    """
    entries = {plural: list_entries(registry) for plural, registry in _REGISTRIES.items()}
    exports = entries.pop("exports")
    devices = [{"name": found.name, "label": found.label, "help": found.source} for found in find_devices()]
    return entries | {"settings": list_settings(), "exports": exports, "devices": devices}


def list_entries(registry: Registry) -> list[dict]:
    """Lists a registry's entries with their options."""
    return [
        {
            "name": entry.name,
            "label": entry.label,
            "help": entry.help,
            "options": [describe(option) for option in entry.options],
        }
        for entry in registry.values()
    ]


def list_settings() -> list[dict]:
    """Lists the fields of a configuration that name no entry: epochs, clipping, early stopping and so on."""
    settings = []
    for name, info in RunConfig.model_fields.items():
        if name in _NAMES or name.removesuffix("_options") in _NAMES:
            continue
        nested = NESTED[name].model_fields if name in NESTED else {}
        options = [describe(describe_option(inner, field)) for inner, field in nested.items()]
        settings.append(describe(describe_option(name, info)) | {"options": options})
    return settings


def describe(option: Option) -> dict:
    """Returns an option with its default and what it may be."""
    return {
        "name": option.name,
        "label": option.label,
        "kind": option.kind,
        "default": option.default,
        "allowed": option.allowed,
        "choices": list(option.choices),
        "help": option.help,
    }
