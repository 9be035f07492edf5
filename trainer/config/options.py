"""Options: what a typed argument or field allows, and the error message for other values."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Any, Literal

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trainer.errors import ConfigError


@dataclass(frozen=True)
class Option:
    """One option of an entry, ready to be drawn as a widget or printed as help.

    Attributes:
        name: as in the configuration.
        kind: "int", "float", "bool", "choice" or "text"; in a RunConfig also "list" and "object".
        default: used if the configuration does not set it.
        minimum, maximum: inclusive bounds, or None.
        above, below: exclusive bounds, or None.
        choices: the allowed values of a "choice".
        optional: whether None is allowed.
        label: its name for people, in sentence case.
        help: one or two sentences on what it does.
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
    """Returns a received value as Python shows it, shortened if it is long."""
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
        label=info.title or name.replace("_", " ").capitalize(),
        help=info.description or "",
        **bounds,
    )


def is_model(annotation: Any) -> bool:
    """Returns whether a type is a model with fields of its own."""
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
    """Raises ConfigError for the first unknown name.

    Args:
        fields: names and values as received.
        known: the names that exist.
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
    """Turns one pydantic error into a sentence: argument, limit, received value, remedy.

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
