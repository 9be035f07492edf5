"""SweepSpec: the whole recipe of a sweep, checked before anything starts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.monitors import monitors
from trainer.config.options import describe_option, refusal, refuse_unknown, shown
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError
from trainer.sweeps.space import Dimension, read_space
from trainer.sweeps.variables import REGISTRIES
from trainer.training.plateau import is_higher_better

#: A sweep of more runs would not end, and its page could not be read.
MOST_RUNS = 1000
_DEFAULT_RUNS = 20


class SweepFields(BaseModel):
    """Names and numbers of a sweep, each within its own limits."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    config: dict[str, Any] = Field(description="The recipe of every run, as for a single run.")
    space: dict[str, Any] = Field(description="The options to vary, each with a range or a list of values.")
    sampler: Literal["tpe", "random", "grid"] = Field(
        "tpe",
        description="How the next configuration is chosen. *tpe* learns from the results so far, *random* does not, "
        "*grid* tries every combination.",
    )
    pruner: Literal["median", "hyperband", "none"] = Field(
        "median",
        description="Which runs end early. *median*: those worse than half of the others at the same epoch. "
        "*hyperband*: all but the best third at 1, 3, 9, … epochs. *none*: no run.",
    )
    runs: int | None = Field(
        None, ge=1, le=MOST_RUNS, description="The number of runs. Null: every point of a grid, else 20."
    )
    at_once: int = Field(1, ge=1, le=64, title="At once", description="The number of runs that train at the same time.")
    metric: str | None = Field(
        None,
        description="The quantity to optimize, such as val_accuracy. Null: the first metric on the validation split.",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, description="The start of the sampler's random numbers. Each run keeps its own seed."
    )


class SweepSpec(SweepFields):
    """A sweep's recipe: frozen, checked, complete.

    Args:
        fields: of `SweepFields`.

    Raises:
        ConfigError: a value out of range, an unknown name, or something that cannot be searched;
            the message names argument, value, limit and remedy.
        DataError: the data set is a file that is missing or unreadable.
    """

    def __init__(self, /, **fields: Any):
        refuse_unknown(fields, SweepFields.model_fields, "the sweep")
        if fields.get("pruner", "") is None:
            fields["pruner"] = "none"
        try:
            super().__init__(**fields)
        except ValidationError as failure:
            error = failure.errors()[0]
            name = str(error["loc"][0])
            raise refusal(describe_option(name, SweepFields.model_fields[name]), error, "sweep") from None
        self.__dict__["config"] = self.base.model_dump()
        self.__dict__["space"] = {dimension.path: dimension.to_json() for dimension in self.dimensions}
        self.__dict__["runs"] = self._count_runs()
        self._refuse_untrainable()

    @cached_property
    def base(self) -> RunConfig:
        """The recipe of every run before anything is varied; its best epoch is the best by the metric."""
        asked = RunConfig(**self.config)
        self.__dict__["metric"] = metric = self.metric or main_metric(asked)
        known = list_metrics(asked)
        if metric not in known:
            raise ConfigError(
                f"metric must be one that the runs measure: {', '.join(known)}. Received: {shown(metric)}. "
                "Choose one of these, or add it to the metrics of config.",
                "metric",
            )
        return asked if asked.monitor else RunConfig(asked.spec, **(self.config | {"monitor": metric}))

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The varied options."""
        found = read_space(self.space, self.base)
        if "loss" in {dimension.path for dimension in found} and self.metric.removeprefix("val_") == "loss":
            raise ConfigError(
                f"space must not vary the loss when metric is {self.metric}: values of different losses cannot be "
                "compared. Choose another metric.",
                "space",
            )
        return found

    @property
    def is_maximized(self) -> bool:
        """Whether a higher metric is better."""
        return is_higher_better(self.metric)

    @property
    def most_epochs(self) -> int:
        """The epochs of the longest run."""
        ends = [dimension.ends for dimension in self.dimensions if dimension.path == "epochs"]
        return max(ends[0]) if ends else self.base.epochs

    def configure(self, values: Mapping[str, Any]) -> RunConfig:
        """Returns the recipe of one run.

        Options that are not varied keep the base recipe's values; those of another entry than the base recipe's
        take their defaults.

        Args:
            values: by path, one per dimension.

        Raises:
            ConfigError: this combination cannot be trained.
        """
        fields = self.base.model_dump()
        for kind in REGISTRIES:
            if kind in values and values[kind] != fields[kind]:
                fields |= {kind: values[kind], f"{kind}_options": {}}
        for path, value in values.items():
            owner, _, option = path.partition(".")
            fields[owner] = {**fields[owner], option: value} if option else value
        return RunConfig(self.base.spec, **fields)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON-ready fields; `SweepSpec(**fields)` gives an equal spec."""
        return self.model_dump()

    @classmethod
    def from_file(cls, path: str | Path) -> SweepSpec:
        """Reads a sweep from a JSON file.

        Raises:
            ConfigError: no such file, not JSON, not an object, or not a valid sweep.
        """
        try:
            fields = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ConfigError(f"Cannot read {path}: {error.strerror}. Give the path of a sweep file.") from None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path} is not valid JSON: {error}. Correct it there.") from None
        if not isinstance(fields, dict):
            raise ConfigError(
                f'{path} must hold a JSON object such as {{"config": {{…}}, "space": {{…}}}}. '
                f"Received: {shown(fields)}. Put it into such an object."
            )
        return cls(**fields)

    def _count_runs(self) -> int:
        if self.sampler != "grid":
            return self.runs or _DEFAULT_RUNS
        sizes = [len(dimension.grid()) for dimension in self.dimensions]
        points = math.prod(sizes)
        if points > MOST_RUNS:
            raise ConfigError(
                f"The grid must have at most {MOST_RUNS:,} points. Received: {points:,} "
                f"({' × '.join(map(str, sizes))}). Vary fewer options or fewer values, or use the sampler tpe.",
                "space",
            )
        return min(self.runs or points, points)

    def _refuse_untrainable(self) -> None:
        """Raises ConfigError where an end of a range or a choice cannot be trained with the rest of the recipe."""
        for dimension in self.dimensions:
            for value in dimension.ends:
                values = {dimension.path: value}
                # An option of another entry can only be tried together with that entry.
                owner = dimension.path.partition("_options.")[0]
                parent = next((other for other in self.dimensions if other.path == owner != dimension.path), None)
                for name in parent.choices if parent else (None,):
                    try:
                        self.configure(({owner: name} if parent else {}) | values)
                    except ConfigError as error:
                        raise ConfigError(f"space.{dimension.variable.name}: {error}", "space") from None


def list_metrics(base: RunConfig) -> list[str]:
    """Returns the quantities that a sweep of a recipe can optimize."""
    return [name for name in monitors(base, base.metrics) if name != "epoch"]


def main_metric(base: RunConfig) -> str:
    """Returns the quantity to optimize if none is named: a metric rather than a loss, on the validation split."""
    known = list_metrics(base)
    return next((name for name in known if not name.endswith("loss")), known[0])
