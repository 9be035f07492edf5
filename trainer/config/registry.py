"""Registries: name → entry. An entry is a decorated function whose typed keyword-only
arguments become the form's widgets, the command line's options and the config's validation.

    @MODELS.register(label="MLP", help="Fully connected layers.")
    def mlp(data, head, seeds, *, layers: Annotated[int, Field(ge=1, le=8)] = 2): ...

Registering imports no TensorFlow: entries import what is slow inside their function, so that
the catalogue is there at once.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from trainer.config.options import Option, describe_option, refusal, refuse_unknown, shown
from trainer.errors import ConfigError


@dataclass(frozen=True)
class Entry:
    """One registered function.

    Attributes:
        name: as in the configuration.
        label: what a person reads.
        help: one sentence.
        build: the function.
        traits: what else was given to `register`, such as `spec`, and of all kinds:
            accepts: function (spec) that returns why it does not fit a data set, as a clause, or None.
            suits: of models, function (spec) that returns whether it is the first choice for such data.
            monitor: "epoch" of models whose losses do not say how good they are: the newest epoch is the best.
            optimizer_options: of models, by optimizer, where its defaults do not suit them.
            task, learner, losses: of models that are not trained to predict a target; see `build.py`.
            count_parameters: function (spec, options, outputs) of models that can be made too large.
            check: function (options) that raises ConfigError for options that do not go together.
            files: `RemoteFile`s that a data set is downloaded from, if they are not there yet.
            is_keras: False of models that are a tf.Module and not a Keras model; some downloads need one.
            check_data: function (spec, options) that raises ConfigError for options that do not fit the data.
    """

    name: str
    label: str
    help: str
    build: Callable
    kind: str
    traits: Mapping[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self.traits:
            raise AttributeError(name)
        return self.traits[name]

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
        if "check" in self.traits:
            self.traits["check"](parsed)
        return parsed


class Registry(Mapping[str, Entry]):
    """Entries by name, in the order of registration.

    Args:
        kind: "model", "data set", …: the word used in messages.
        package: a package or module that is imported at the first look, so that its entries
            register themselves; each module of a package that does not begin with "_" counts.
        argument: the field of `RunConfig` that names an entry, if it is not called like the kind.
    """

    def __init__(self, kind: str, package: str, argument: str | None = None):
        self.kind, self.package, self.argument = kind, package, argument or kind
        self._entries: dict[str, Entry] = {}
        self._is_loaded = False

    def register(self, *, label: str, help: str, name: str | None = None, **traits: Any) -> Callable:
        """Returns a decorator that registers a function and gives it back unchanged."""

        def decorate(function: Callable) -> Callable:
            key = name or function.__name__
            known = self._entries.get(key)
            if known and known.build.__module__ != function.__module__:
                raise ValueError(
                    f"There are two of {self.kind} {key}: in {known.build.__module__} and {function.__module__}. "
                    "Rename one of them."
                )
            self._entries[key] = Entry(key, label, help, function, self.kind, traits)
            return function

        return decorate

    def _load(self) -> dict[str, Entry]:
        if not self._is_loaded:
            module = importlib.import_module(self.package)
            for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
                if not found.name.startswith("_"):
                    importlib.import_module(f"{self.package}.{found.name}")
            self._is_loaded = True
        return self._entries

    def __getitem__(self, name: str) -> Entry:
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
        return iter(sorted(self._load(), key=lambda key: (self._entries[key].traits.get("order", 50), key)))

    def __len__(self) -> int:
        return len(self._load())


MODELS = Registry("model", "trainer.catalog.models")
DATASETS = Registry("dataset", "trainer.catalog.datasets")
OPTIMIZERS = Registry("optimizer", "trainer.catalog.optimizers")
LOSSES = Registry("loss", "trainer.catalog.losses")
METRICS = Registry("metric", "trainer.catalog.metrics", argument="metrics")
SCHEDULES = Registry("schedule", "trainer.catalog.schedules")
EXPORTS = Registry("download", "trainer.export")
