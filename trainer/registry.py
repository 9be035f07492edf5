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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from types import UnionType
from typing import Any, Literal

import annotated_types
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from trainer.errors import ConfigError


@dataclass(frozen=True)
class Option:
    """One option of an entry, ready to be drawn as a widget or printed as help.

    Attributes:
        name: as in the configuration.
        kind: "int", "float", "bool", "choice" or "text"; in a RunConfig also "list" and "object".
        default: used where the configuration is silent.
        minimum, maximum: inclusive bounds, or None.
        above, below: exclusive bounds, or None.
        choices: the allowed values of a "choice".
        optional: whether None is allowed.
        label: what a person reads.
        help: one sentence that says what it does.
    """

    name: str
    kind: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple = ()
    optional: bool = False
    label: str = ""
    help: str = ""

    @property
    def allowed(self) -> str:
        """The limit in words: "a whole number between 1 and 1,000"."""
        nouns = {
            "int": "a whole number",
            "float": "a number",
            "bool": "true or false",
            "list": "a list of names",
            "object": "an object of names and values",
        }
        noun = nouns.get(self.kind, "text")
        if self.kind == "choice":
            noun = "one of " + ", ".join(map(str, self.choices))
        if self.above is not None:
            noun += f" above {plain(self.above)}"
            noun += f" and below {plain(self.below)}" if self.below is not None else ""
            noun += f" and at most {plain(self.maximum)}" if self.maximum is not None else ""
        elif self.minimum is not None and self.maximum is not None:
            noun += f" between {plain(self.minimum)} and {plain(self.maximum)}"
        elif self.minimum is not None:
            noun += f" of at least {plain(self.minimum)}"
        elif self.maximum is not None:
            noun += f" of at most {plain(self.maximum)}"
        return noun + (", or null" if self.optional else "")


def plain(number: float) -> str:
    """Returns a number as people write it, without an exponent: 1,000,000 or 0.00001."""
    return f"{Decimal(str(number)).normalize():,f}"


def shown(value: Any) -> str:
    """Returns what was received as Python shows it, cut short where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text):,} characters)"


def describe_option(name: str, info: FieldInfo) -> Option:
    """Reads a pydantic field as an `Option`."""
    annotation, optional = info.annotation, False
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        variants = [a for a in typing.get_args(annotation) if a is not type(None)]
        annotation, optional = variants[0], len(variants) < len(typing.get_args(annotation))
    choices = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()
    kinds = {int: "int", float: "float", bool: "bool", list: "list", dict: "object"}
    bounds: dict[str, float] = {}
    for item in info.metadata:
        for attribute, key in (("ge", "minimum"), ("le", "maximum"), ("gt", "above"), ("lt", "below")):
            if isinstance(item, annotated_types.BaseMetadata) and hasattr(item, attribute):
                bounds[key] = getattr(item, attribute)
    return Option(
        name=name,
        kind="choice"
        if choices
        else "object"
        if is_model(annotation)
        else kinds.get(typing.get_origin(annotation) or annotation, "text"),
        default=info.get_default(call_default_factory=True),
        choices=choices,
        optional=optional,
        label=info.title or name.replace("_", " "),
        help=info.description or "",
        **bounds,
    )


def is_model(annotation: Any) -> bool:
    """Returns whether a field holds fields of its own."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


REMEDIES = {
    "int": "Give a whole number",
    "float": "Give a number",
    "bool": "Choose true or false",
    "choice": "Choose one of them",
    "text": "Give a text",
    "list": 'Give a list such as ["accuracy"]',
    "object": "Give an object such as {}",
}


def refuse_unknown(fields: Mapping, known: Iterable[str], owner: str = "") -> None:
    """Raises ConfigError for the first name that is not known.

    Args:
        fields: names and values as they came.
        known: the names there are.
        owner: "model mlp" for options, or nothing for the fields of the configuration.
    """
    known = list(known)
    for name in fields:
        if name not in known:
            raise ConfigError(
                f"{shown(name)} is not {'an option' if owner else 'a field'} of {owner or 'the configuration'}. "
                f"Choose one of {', '.join(known)}, or remove it."
                if known
                else f"{shown(name)} is not an option of {owner}, which has none. Remove it.",
                str(name),
            )


def refusal(option: Option, error: Mapping, owner: str = "") -> ConfigError:
    """Puts one pydantic error into a sentence: argument, limit, what came, what to do.

    Args:
        option: what it is about.
        error: of pydantic.
        owner: "model mlp" for an option, or nothing for a field of the configuration.
    """
    where = f" ({owner})" if owner else ""
    if error["type"] == "missing":
        return ConfigError(f"{option.name}{where} is missing. It must be {option.allowed}. Give a value.", option.name)
    is_range = error["type"] in ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
    remedy = "Choose a value in this range" if is_range else REMEDIES[option.kind]
    return ConfigError(
        f"{option.name}{where} must be {option.allowed}. Received: {shown(error['input'])}. {remedy}.", option.name
    )


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


MODELS = Registry("model", "trainer.models")
DATASETS = Registry("dataset", "trainer.datasets")
OPTIMIZERS = Registry("optimizer", "trainer.optimizers")
LOSSES = Registry("loss", "trainer.losses")
METRICS = Registry("metric", "trainer.metrics", argument="metrics")
SCHEDULES = Registry("schedule", "trainer.schedules")
EXPORTS = Registry("download", "trainer.export")
