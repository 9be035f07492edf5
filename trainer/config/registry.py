"""Registries: name → entry. An entry is a decorated function. Its typed keyword-only arguments become the
form's widgets, the command line's options and the checks of a configuration.

    @MODELS.register(label="MLP", help="Fully connected layers.")
    def mlp(data, head, seeds, *, layers: Annotated[int, Field(ge=1, le=8)] = 2): ...

Registering imports no TensorFlow: entries import slow libraries inside their function, so that the catalog is
available at once.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from trainer.config.options import Option, describe_option, refusal, refuse_unknown, shown
from trainer.config.traits import (
    DatasetTraits,
    ExportTraits,
    LossTraits,
    MetricTraits,
    ModelTraits,
    OptimizerTraits,
    ScheduleTraits,
    Traits,
)
from trainer.errors import ConfigError

T = TypeVar("T", bound=Traits)


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One registered function.

    Attributes:
        name: as in the configuration.
        label: its name for people.
        help: one or two sentences.
        build: the function.
        kind: of the registry: "model", "dataset", …
        traits: what the function says about itself.
    """

    name: str
    label: str
    help: str
    build: Callable
    kind: str
    traits: T

    @cached_property
    def schema(self) -> type[BaseModel]:
        """A pydantic model of the function's keyword-only arguments."""
        hints = typing.get_type_hints(self.build, include_extras=True)
        fields = {
            name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in inspect.signature(self.build).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)
        return create_model(f"{self.name}_options", __config__=strict, **fields)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The entry's options in the order of the function's arguments."""
        return tuple(describe_option(name, info) for name, info in self.schema.model_fields.items())

    def parse(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Checks options and fills in the defaults.

        Raises:
            ConfigError: for the first option that is unknown, missing, of a wrong type or out of range,
                or for a combination that the entry's `check` refuses.
        """
        owner = f"{self.kind} {self.name}"
        refuse_unknown(options, self.schema.model_fields, owner)
        try:
            parsed = self.schema.model_validate(dict(options)).model_dump()
        except ValidationError as failure:
            error = failure.errors()[0]
            option = next(option for option in self.options if option.name == error["loc"][0])
            raise refusal(option, error, owner) from None
        if self.traits.check:
            self.traits.check(parsed)
        return parsed


class Registry(Mapping[str, Entry[T]]):
    """Entries by name, sorted by their trait `order`, then by name.

    Args:
        kind: "model", "dataset", …: the noun in messages.
        package: a package or module that is imported at the first use, so that its entries register themselves.
            Modules of its subpackages count too; names that begin with "_" do not.
        traits: the type of the entries' traits.
        argument: the field of `RunConfig` that names an entry, if it is not called like the kind.
    """

    def __init__(self, kind: str, package: str, traits: type[T], argument: str | None = None):
        self.kind, self.package, self.traits, self.argument = kind, package, traits, argument or kind
        self._entries: dict[str, Entry[T]] = {}
        self._is_loaded = False

    def register(self, *, label: str, help: str, name: str | None = None, **traits: Any) -> Callable:
        """Returns a decorator that registers a function and returns it unchanged.

        Args:
            label: its name for people.
            help: one or two sentences.
            name: as in the configuration; None: the function's name.
            traits: fields of the registry's traits type, such as `order`.

        Raises:
            ValueError: an unknown or missing trait, or a name that another file has already.
        """

        def decorate(function: Callable) -> Callable:
            key = name or function.__name__
            known = self._entries.get(key)
            if known and known.build.__module__ != function.__module__:
                raise ValueError(
                    f"{self.kind} {key} is registered twice: in {known.build.__module__} and {function.__module__}. "
                    "Rename one of them."
                )
            self._entries[key] = Entry(key, label, help, function, self.kind, self._read_traits(key, traits))
            return function

        return decorate

    def _read_traits(self, key: str, traits: dict[str, Any]) -> T:
        known = {field.name: field for field in dataclasses.fields(self.traits)}
        for unknown in traits.keys() - known.keys():
            raise ValueError(
                f"{self.kind} {key}: there is no trait {unknown!r}. Choose one of {', '.join(known)}, or remove it."
            )
        for trait, field in known.items():
            if trait not in traits and field.default is field.default_factory is dataclasses.MISSING:
                raise ValueError(f"{self.kind} {key}: the trait {trait!r} is missing. Give it to register({trait}=…).")
        return self.traits(**traits)

    def _load(self) -> dict[str, Entry[T]]:
        if not self._is_loaded:
            _import_below(self.package)
            self._is_loaded = True
        return self._entries

    def __getitem__(self, name: str) -> Entry[T]:
        entries = self._load()
        if not isinstance(name, str) or name not in entries:
            raise ConfigError(
                f"{self.argument}: there is no {self.kind} {shown(name)}. Choose one of {', '.join(self)}.",
                self.argument,
            )
        return entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._load()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._load(), key=lambda key: (self._entries[key].traits.order, key)))

    def __len__(self) -> int:
        return len(self._load())


def _import_below(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if not found.name.startswith("_"):
            _import_below(f"{name}.{found.name}")


MODELS = Registry("model", "trainer.catalog.models", ModelTraits)
DATASETS = Registry("dataset", "trainer.catalog.datasets", DatasetTraits)
OPTIMIZERS = Registry("optimizer", "trainer.catalog.optimizers", OptimizerTraits)
LOSSES = Registry("loss", "trainer.catalog.losses", LossTraits)
METRICS = Registry("metric", "trainer.catalog.metrics", MetricTraits, argument="metrics")
SCHEDULES = Registry("schedule", "trainer.catalog.schedules", ScheduleTraits)
EXPORTS = Registry("download", "trainer.export", ExportTraits)
