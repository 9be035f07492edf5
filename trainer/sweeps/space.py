"""The search space: for each varied option a range or a list of choices, checked against what the option allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.options import describe_option, plain, refusal, refuse_unknown, shown
from trainer.config.run_config import RunConfig
from trainer.config.split_sizes import count_training
from trainer.errors import ConfigError
from trainer.sweeps.suggestions import suggest_range
from trainer.sweeps.variables import REGISTRIES, Variable, find_variable, list_variables


class Range(BaseModel):
    """A range of numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    low: float = Field(description="The smallest value to try.")
    high: float = Field(description="The largest value to try.")
    log: bool = Field(False, description="Try every order of magnitude equally often.")
    points: int = Field(5, ge=1, le=1000, description="How many values a grid takes from the range.")


@dataclass(frozen=True)
class Dimension:
    """One varied option.

    Attributes:
        variable: what is varied.
        range: of a number, or None.
        choices: the values to try where there is no range.
    """

    variable: Variable
    range: Range | None = None
    choices: tuple = ()

    @property
    def path(self) -> str:
        """See `Variable`."""
        return self.variable.path

    @property
    def ends(self) -> tuple:
        """The values that are checked before anything starts: all choices, or both ends of the range."""
        return self.choices or (self._typed(self.range.low), self._typed(self.range.high))

    def grid(self) -> list:
        """Returns the values that a grid tries, without duplicates, smallest first."""
        if self.range is None:
            return list(self.choices)
        low, high, points = self.range.low, self.range.high, self.range.points
        if points == 1:
            return [self._typed(low)]
        parts = [index / (points - 1) for index in range(points)]
        if self.range.log:
            values = [low * (high / low) ** part for part in parts]
        else:
            values = [low + (high - low) * part for part in parts]
        # Rounding must not step out of the range.
        return list(dict.fromkeys(self._typed(min(max(float(f"{value:.6g}"), low), high)) for value in values))

    def to_json(self) -> Any:
        """Returns what `read_space` reads."""
        return list(self.choices) if self.range is None else self.range.model_dump()

    def _typed(self, value: float) -> int | float:
        return round(value) if self.variable.option.kind == "int" else float(value)


def read_space(space: Mapping[str, Any], base: RunConfig) -> tuple[Dimension, ...]:
    """Returns the dimensions of a search space.

    Args:
        space: name of an option → {"low", "high", "log", "points"}, a list of values, or {} for the suggested range.
        base: the recipe that is varied.

    Raises:
        ConfigError: an unknown name, or something that is neither a range nor a list.
    """
    if not space:
        raise ConfigError(
            'space must name at least one option to vary, such as {"learning_rate": {"low": 0.0001, "high": 0.1}}. '
            "Received: {}. Add one.",
            "space",
        )
    varied = {kind: _read_names(kind, space[kind], base) for kind in REGISTRIES if kind in space}
    known = list_variables(base, varied)
    found: dict[str, Dimension] = {}
    for name, values in space.items():
        variable = find_variable(name, known)
        if variable.path in found:
            raise ConfigError(
                f"space must name each option once. Received: {variable.path} twice. Remove one.", "space"
            )
        found[variable.path] = read_dimension(variable, values, base)
    return tuple(found.values())


def read_dimension(variable: Variable, values: Any, base: RunConfig) -> Dimension:
    """Returns one dimension; see `read_space`."""
    option, owner = variable.option, f"space.{variable.name}"
    if isinstance(values, Mapping) and set(values) == {"choices"}:
        values = values["choices"]
    if isinstance(values, list | tuple):
        return Dimension(variable, choices=_check_choices(variable, values))
    if not isinstance(values, Mapping):
        raise ConfigError(
            f"{owner} must be a list of values, or a range with low and high. Received: {shown(values)}. "
            'Write [16, 32, 64], or {"low": 16, "high": 64}.',
            "space",
        )
    if option.kind not in ("int", "float"):
        if values:
            raise ConfigError(f"{owner} must be a list: it is {option.allowed}. Received: {shown(values)}.", "space")
        return Dimension(variable, choices=(False, True) if option.kind == "bool" else option.choices)
    return Dimension(variable, _read_range(variable, values, base))


def suggested(variable: Variable, base: RunConfig) -> tuple[float, float, bool]:
    """Returns low, high and whether the scale is logarithmic, to try first; the data limits the batch size."""
    most = count_training(base.spec, base.validation_split) if variable.path == "batch_size" else None
    return suggest_range(variable.option, variable.value, most)


def _read_range(variable: Variable, values: Mapping, base: RunConfig) -> Range:
    owner, option = f"space.{variable.name}", variable.option
    refuse_unknown(values, Range.model_fields, owner)
    low, high, is_log = suggested(variable, base)
    fields = {"low": low, "high": high} | dict(values)
    try:
        found = Range(**fields)
        if "log" not in values:
            found = found.model_copy(update={"log": is_log and found.low > 0})
    except ValidationError as failure:
        error = failure.errors()[0]
        name = str(error["loc"][0])
        raise refusal(describe_option(name, Range.model_fields[name]), error, owner) from None
    received = f"Received: {found.low:g} to {found.high:g}."
    if found.low >= found.high:
        raise ConfigError(f"{owner}: low must be smaller than high. {received} Change one of them.", "space")
    if found.log and found.low <= 0:
        raise ConfigError(f"{owner}: low must be above 0 on a logarithmic scale. {received} Raise it.", "space")
    if option.kind == "int" and (found.low % 1 or found.high % 1):
        raise ConfigError(f"{owner}: low and high must be whole numbers. {received} Round them.", "space")
    if not all(is_allowed(variable, end) for end in (found.low, found.high)):
        raise ConfigError(
            f"{owner} must stay within what {variable.path} allows: {option.allowed}. {received} Narrow the range.",
            "space",
        )
    return found


def _check_choices(variable: Variable, values: list | tuple) -> tuple:
    option, owner = variable.option, f"space.{variable.name}"
    if not values or len(values) > 1000:
        raise ConfigError(
            f"{owner} must list 1 to 1,000 values. Received: {len(values):,}. Change the list, or use a range.", "space"
        )
    for value in values:
        if not is_allowed(variable, value):
            raise ConfigError(f"{owner}: each value must be {option.allowed}. Received: {shown(value)}.", "space")
    if len(set(values)) < len(values):
        raise ConfigError(f"{owner} must name each value once. Received: {shown(list(values))}.", "space")
    return tuple(float(value) if option.kind == "float" and value is not None else value for value in values)


def is_allowed(variable: Variable, value: Any) -> bool:
    """Returns whether an option takes a value, by its type and bounds alone."""
    option = variable.option
    if value is None:
        return option.optional
    if option.kind == "bool":
        return isinstance(value, bool)
    if option.kind == "choice":
        return value in option.choices
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    if option.kind == "int" and value % 1:
        return False
    return (
        (option.minimum is None or value >= option.minimum)
        and (option.maximum is None or value <= option.maximum)
        and (option.above is None or value > option.above)
        and (option.below is None or value < option.below)
    )


def _read_names(kind: str, values: Any, base: RunConfig) -> list[str | None]:
    variable = next(v for v in list_variables(base) if v.path == kind)
    return list(read_dimension(variable, values, base).choices)


def describe_value(value: Any) -> str:
    """Returns a value of a varied option as people read it."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return plain(float(f"{value:.4g}"))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
