"""RunConfig: the whole recipe of a run, as names and numbers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.dataset import DataSpec, check_batch_size, dataset_spec
from trainer.errors import ConfigError
from trainer.registry import (
    DATASETS,
    LOSSES,
    METRICS,
    MODELS,
    OPTIMIZERS,
    Entry,
    describe_option,
    refusal,
    refuse_unknown,
    shown,
)

Device = Annotated[str, Field(pattern=r"^(CPU|GPU|TPU):\d+$")]


class RunConfig(BaseModel):
    """A run's recipe: frozen, validated, complete. Two runs of one config on one machine give the same bits.

    Whatever is left out is filled in, so that the stored recipe does not depend on later defaults.

    Raises:
        ConfigError: a value out of range, an unknown name, or a combination that does not fit;
            one sentence that names argument, value, limit and remedy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())

    model: str
    model_options: dict[str, Any] = {}
    dataset: str
    dataset_options: dict[str, Any] = {}
    optimizer: str = "adam"
    optimizer_options: dict[str, Any] = {}
    loss: str | None = Field(None, description="What training makes small; chosen by the task if left out.")
    loss_options: dict[str, Any] = {}
    metrics: list[str] | None = Field(None, description="Measured beside the loss; chosen by the task if left out.")
    device: Device = Field("CPU:0", description="Where the numbers are computed.")
    epochs: int = Field(10, ge=1, le=1_000_000, description="How many times training goes through all examples.")
    batch_size: int = Field(
        32, ge=1, le=65_536, title="batch size", description="How many examples each step looks at. More is smoother."
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, description="Every random choice follows from it: the same seed gives the same run."
    )
    validation_split: float = Field(
        0.2,
        ge=0,
        le=0.9,
        title="validation split",
        description="The part of the examples kept aside to measure what was learned. 0: none.",
    )
    schedule: None = None
    clip_norm: float | None = Field(
        None,
        gt=0,
        title="clip gradient norm",
        description="Scale gradients down when their overall norm is larger. Set 1 if training jumps.",
    )
    checkpoint_seconds: float = Field(
        30.0, ge=1, le=86_400, title="checkpoint every (s)", description="What a crash can cost at most."
    )
    keep_checkpoints: int = Field(
        3, ge=1, le=1000, title="checkpoints kept", description="The newest ones; the best one is kept beside them."
    )
    early_stopping: None = None
    reload_on_plateau: None = None

    def __init__(self, /, **fields: Any):
        refuse_unknown(fields, RunConfig.model_fields)
        try:
            super().__init__(**fields)
        except ValidationError as failure:
            raise first_refusal(failure) from None
        complete(self)

    @property
    def spec(self) -> DataSpec:
        """What is known of the data set before it is loaded."""
        return dataset_spec(self.dataset, self.dataset_options)

    @property
    def goal(self) -> DataSpec:
        """The same as the model takes it: an autoencoder sets itself another task than the data set's."""
        return seen_by(MODELS[self.model], self.spec)

    def to_json(self) -> str:
        """Returns the config as JSON; `from_json` gives an equal one back."""
        return json.dumps(self.model_dump(), indent=2)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """Reads a config from JSON.

        Raises:
            ConfigError: not JSON, not an object, or not a valid config.
        """
        try:
            # NaN and Infinity are not JSON; json would let them through.
            fields = json.loads(text, parse_constant=lambda name: float(name.replace("Infinity", "inf")))
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"The configuration is not valid JSON: {error}. Correct it there.") from None
        if not isinstance(fields, dict):
            raise ConfigError(
                'The configuration must be a JSON object such as {"model": "mlp", "dataset": "digits"}. '
                f"Received: {shown(fields)}. Put it into such an object."
            )
        return cls(**fields)

    @classmethod
    def from_file(cls, path: str | Path) -> RunConfig:
        """Reads a config from a JSON file.

        Raises:
            ConfigError: no such file, not text, or not a valid config.
        """
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ConfigError(f"Cannot read {path}: {error.strerror}. Give the path of a config file.") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path} is not UTF-8 text. Give the path of a JSON config file.") from None


def first_refusal(failure: ValidationError) -> ConfigError:
    """Puts the first thing that pydantic found into a sentence."""
    error = failure.errors()[0]
    name = str(error["loc"][0])
    if error["type"] == "none_required":
        return ConfigError(f"{name} must be null. Received: {shown(error['input'])}. Remove it.", name)
    if error["type"] == "string_pattern_mismatch":
        return ConfigError(f"{name} must look like CPU:0 or GPU:0. Received: {shown(error['input'])}. Use CPU:0.", name)
    if error["type"] == "missing":
        registry = {"model": MODELS, "dataset": DATASETS}[name]
        return ConfigError(f"{name} is missing. Choose one of {', '.join(registry)}.", name)
    return refusal(describe_option(name, RunConfig.model_fields[name]), error)


def complete(config: RunConfig) -> None:
    """Checks every name, option and combination and writes the defaults into the config.

    Raises:
        ConfigError: for the first that does not fit.
    """

    def put(field: str, value: Any) -> None:
        object.__setattr__(config, field, value)

    dataset = DATASETS[config.dataset]
    put("dataset_options", dataset.parse(config.dataset_options))
    spec = config.spec
    model = MODELS[config.model]
    put("model_options", model.parse(config.model_options))
    refuse_misfit(model, spec, dataset, "model")
    goal = seen_by(model, spec)
    put("optimizer_options", OPTIMIZERS[config.optimizer].parse(config.optimizer_options))
    if config.loss is None:
        put("loss", offered(LOSSES, goal)[0])
    put("loss_options", LOSSES[config.loss].parse(config.loss_options))
    if config.metrics is None:
        put("metrics", [name for name in offered(METRICS, goal) if METRICS[name].traits.get("is_default")])
    refuse_misfit(LOSSES[config.loss], goal, dataset, "loss")
    for name in config.metrics:
        refuse_misfit(METRICS[name], goal, dataset, "metrics")
    if "check_data" in model.traits:
        model.check_data(spec, config.model_options)
    if len(set(config.metrics)) < len(config.metrics):
        raise ConfigError(
            f"metrics must name each metric once. Received: {shown(config.metrics)}. Remove what is there twice.",
            "metrics",
        )
    check_batch_size(config.batch_size, spec.examples, config.validation_split)


def seen_by(model: Entry, spec: DataSpec) -> DataSpec:
    """Returns the data as a model takes it: with the model's own task, if it has one."""
    task = model.traits.get("task")
    return dataclasses.replace(spec, task=task) if task else spec


def why_not(entry: Entry, spec: DataSpec) -> str | None:
    """Returns why an entry cannot be used with such data, as a clause, or None if it can."""
    accepts = entry.traits.get("accepts")
    return accepts(spec) if accepts else None


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
