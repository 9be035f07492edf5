"""What a sweep can vary: fields of a recipe, names of entries, and options of the entries."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from trainer.config.fitting import offered
from trainer.config.options import Option, describe_option, shown
from trainer.config.recipe import Recipe
from trainer.config.registry import LOSSES, MODELS, OPTIMIZERS, SCHEDULES
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError

#: The parts of a recipe whose entry and options can be varied. A sweep keeps to one data set and one split of it:
#: otherwise its results could not be compared.
REGISTRIES = {"model": MODELS, "optimizer": OPTIMIZERS, "loss": LOSSES, "schedule": SCHEDULES}
_FIELDS = "batch_size epochs l1 l2 clip_norm clip_value gradient_accumulation_steps ema_momentum precision seed".split()
KINDS = ("int", "float", "bool", "choice")


@dataclass(frozen=True)
class Variable:
    """One thing that a sweep can vary.

    Attributes:
        path: "batch_size", "optimizer", or "optimizer_options.learning_rate".
        option: what it allows.
        value: the recipe's own.
        owner: the label of the entry that has this option; empty for fields of the recipe.
    """

    path: str
    option: Option
    value: object
    owner: str = ""

    @property
    def name(self) -> str:
        """The last part of the path: "learning_rate"."""
        return self.path.rpartition(".")[2]

    @property
    def label(self) -> str:
        """The name for people: "Learning rate"."""
        return self.option.label


def list_variables(base: RunConfig, varied: Mapping[str, Iterable[str | None]] | None = None) -> list[Variable]:
    """Returns everything that a sweep of a recipe can vary.

    Args:
        base: the recipe.
        varied: for each part whose entry is varied, such as "optimizer", the names of the entries. An option can
            then be varied only if all of them have it.
    """
    found = []
    for kind in REGISTRIES:
        names = list((varied or {}).get(kind) or [getattr(base, kind)])
        found += _options_of(base, kind, names)
    found += [
        Variable(name, describe_option(name, Recipe.model_fields[name]), getattr(base, name))
        for name in _FIELDS
        if name != "precision" or base.device.startswith("GPU")
    ]
    return found + [_entry_of(base, kind) for kind in REGISTRIES]


def _options_of(base: RunConfig, kind: str, names: list[str | None]) -> Iterator[Variable]:
    entries = [REGISTRIES[kind][name] for name in names if name is not None]
    if not entries or None in names:
        return
    for option in entries[0].options:
        others = [next((o for o in entry.options if o.name == option.name), None) for entry in entries[1:]]
        if option.kind not in KINDS or any(other is None or other.kind != option.kind for other in others):
            continue
        value = getattr(base, f"{kind}_options").get(option.name, option.default)
        owner = entries[0].label if len(entries) == 1 else kind.capitalize()
        yield Variable(f"{kind}_options.{option.name}", _narrowed(option, others), value, owner)


def _narrowed(option: Option, others: Iterable[Option]) -> Option:
    """Returns what all of several options of one name allow."""
    for other in others:
        fields = {}
        for name, pick in (("minimum", max), ("above", max), ("maximum", min), ("below", min)):
            bounds = [bound for bound in (getattr(option, name), getattr(other, name)) if bound is not None]
            fields[name] = pick(bounds) if bounds else None
        choices = tuple(choice for choice in option.choices if choice in other.choices)
        option = dataclasses.replace(option, **fields, choices=choices)
    return option


def _entry_of(base: RunConfig, kind: str) -> Variable:
    registry = REGISTRIES[kind]
    data = {"model": base.spec, "loss": base.goal}.get(kind)
    names = offered(registry, data) if data is not None else list(registry)
    choices = (None, *names) if kind == "schedule" else tuple(names)
    label = "Learning-rate schedule" if kind == "schedule" else kind.capitalize()
    option = Option(kind, "choice", getattr(base, kind), choices=choices, label=label, optional=kind == "schedule")
    return Variable(kind, option, getattr(base, kind))


def find_variable(name: str, known: list[Variable]) -> Variable:
    """Returns the variable of a path, or of its last part where only one has it.

    Raises:
        ConfigError: there is none, or more than one.
    """
    found = [v for v in known if v.path == name] or [v for v in known if v.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        paths = " or ".join(variable.path for variable in found)
        raise ConfigError(f"space: {shown(name)} is the name of several options. Write {paths}.", "space")
    if name.partition("_options")[0] in ("dataset", "device", "metrics", "monitor", "validation_split"):
        raise ConfigError(
            f"space must not vary {name}: the results of the runs could not be compared. Remove it.", "space"
        )
    names = ", ".join(sorted({variable.name for variable in known}))
    raise ConfigError(f"space: {shown(name)} cannot be varied here. Choose from {names}, or remove it.", "space")
