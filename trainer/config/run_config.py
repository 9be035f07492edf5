"""RunConfig: the whole recipe of a run, as names and numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.augmentation import Augmentation
from trainer.config.data_spec import GOALS, DataSpec
from trainer.config.fitting import dataset_spec, offered, refuse_misfit, seen_by, suggested_options
from trainer.config.options import describe_option, refusal, refuse_unknown, shown
from trainer.config.policies import EarlyStopping, ReloadOnPlateau
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS, OPTIMIZERS, SCHEDULES
from trainer.config.split_sizes import check_batch_size, count_training
from trainer.errors import ConfigError

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
    schedule: str | None = Field(
        None, title="learning-rate schedule", description="How the learning rate changes over the run; null: it stays."
    )
    schedule_options: dict[str, Any] = {}
    clip_norm: float | None = Field(
        None,
        gt=0,
        title="clip gradient norm",
        description="Scale gradients down when their overall norm is larger. Set 1 if training jumps.",
    )
    clip_value: float | None = Field(
        None, gt=0, title="clip gradient values", description="Cut every single gradient to at most this size."
    )
    l1: float = Field(0.0, ge=0, le=10, title="L1 penalty", description="Pulls weights to exactly zero. Try 0.0001.")
    l2: float = Field(0.0, ge=0, le=10, title="L2 penalty", description="Keeps weights small. Try 0.0001.")
    class_weight: Literal["balanced"] | list[float] | None = Field(
        None,
        title="class weights",
        description="How much an example of each class counts; balanced: rare classes count more.",
    )
    gradient_accumulation_steps: int = Field(
        1,
        ge=1,
        le=1024,
        title="accumulate gradients",
        description="Batches whose gradients are averaged before the weights change: a larger batch in less memory.",
    )
    ema_momentum: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="average weights",
        description="Keep a moving average of the weights and measure and download that. Try 0.99.",
    )
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32", description="Half precision is faster on a GPU that has it; on a processor it is not offered."
    )
    augmentation: Augmentation | None = Field(None, description="Change training images at random in each step.")
    monitor: str | None = Field(
        None,
        description="What makes an epoch the best one, such as val_accuracy; val_loss if left out; a GAN's newest is.",
    )
    checkpoint_seconds: float = Field(
        30.0, ge=1, le=86_400, title="checkpoint every (s)", description="What a crash can cost at most."
    )
    keep_checkpoints: int = Field(
        3, ge=1, le=1000, title="checkpoints kept", description="The newest ones; the best one is kept beside them."
    )
    checkpoint_epochs: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        title="checkpoint every (epochs)",
        description="Write a checkpoint at the end of every so many epochs as well.",
    )
    profile_steps: int = Field(
        0,
        ge=0,
        le=1000,
        title="profile steps",
        description="Record what the first steps spend their time on, for TensorBoard's download. Try 20; 0: nothing.",
    )
    early_stopping: EarlyStopping | None = Field(None, description="End the run when it no longer improves.")
    reload_on_plateau: ReloadOnPlateau | None = Field(
        None, description="Go back to the best epoch with a smaller learning rate when the run no longer improves."
    )

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

    @property
    def best_by(self) -> str:
        """The column of the epochs' table that makes an epoch the best one."""
        own = MODELS[self.model].traits.get("monitor") if self.model in MODELS else None
        return self.monitor or own or ("val_loss" if self.validation_split else "loss")

    def count_steps(self, data: DataSpec) -> int:
        """Returns the optimizer steps in one pass over the training split of such data.

        What a run knows of its data is enough: the file that it came from may be gone.
        """
        return -(-count_training(data, self.validation_split) // self.batch_size)

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


_POLICIES = ("early_stopping", "reload_on_plateau")
#: The fields of a RunConfig that hold fields of their own.
NESTED = {"early_stopping": EarlyStopping, "reload_on_plateau": ReloadOnPlateau, "augmentation": Augmentation}


def first_refusal(failure: ValidationError) -> ConfigError:
    """Puts the first thing that pydantic found into a sentence."""
    error = failure.errors()[0]
    name = str(error["loc"][0])
    if error["type"] == "string_pattern_mismatch":
        return ConfigError(f"{name} must look like CPU:0 or GPU:0. Received: {shown(error['input'])}. Use CPU:0.", name)
    if error["type"] == "missing":
        registry = {"model": MODELS, "dataset": DATASETS}[name]
        return ConfigError(f"{name} is missing. Choose one of {', '.join(registry)}.", name)
    if name == "class_weight":
        return ConfigError(
            "class_weight must be balanced, a list of one number above 0 a class, or null. "
            f"Received: {shown(error['input'])}. Choose balanced if some classes are rare.",
            name,
        )
    if name in NESTED and len(error["loc"]) > 1:
        inner, fields = str(error["loc"][1]), NESTED[name].model_fields
        if inner not in fields:
            return ConfigError(
                f"{shown(inner)} is not a field of {name}. Choose one of {', '.join(fields)}, or remove it.", name
            )
        return refusal(describe_option(inner, fields[inner]), error, name)
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
    options = suggested_options(model, config.optimizer) | config.optimizer_options
    put("optimizer_options", OPTIMIZERS[config.optimizer].parse(options))
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
    check_batch_size(config.batch_size, spec, config.validation_split)
    check_accumulation(config, spec)
    if config.schedule is not None:
        put("schedule_options", SCHEDULES[config.schedule].parse(config.schedule_options))
    elif config.schedule_options:
        raise ConfigError("schedule_options must be empty without a schedule. Choose a schedule, or remove them.")
    check_precision(config)
    check_class_weight(config, goal)
    put("monitor", find_monitor(config))
    check_augmentation(config, goal)


def check_accumulation(config: RunConfig, spec: DataSpec) -> None:
    """Raises ConfigError where gradients would be accumulated over more batches than an epoch has."""
    steps = config.count_steps(spec)
    if config.gradient_accumulation_steps > steps:
        raise ConfigError(
            f"gradient_accumulation_steps must be between 1 and {steps} (the number of batches in an epoch). "
            f"Received: {config.gradient_accumulation_steps}. Choose fewer, or a smaller batch.",
            "gradient_accumulation_steps",
        )


def check_precision(config: RunConfig) -> None:
    """Raises ConfigError for half precision on a processor, which gains nothing from it."""
    if config.precision != "float32" and not config.device.startswith("GPU"):
        raise ConfigError(
            f"precision must be float32 on {config.device}: only a GPU gains from half precision. "
            f"Received: {config.precision!r}. Use float32, or choose a GPU.",
            "precision",
        )


def check_class_weight(config: RunConfig, goal: DataSpec) -> None:
    """Raises ConfigError where class weights do not fit the task or the number of classes."""
    weights = config.class_weight
    if weights is None:
        return
    if goal.task != "classification":
        raise ConfigError(
            f"class_weight needs classes, and here {GOALS[goal.task]}. Received: {shown(weights)}. Set it to null.",
            "class_weight",
        )
    if weights != "balanced" and (len(weights) != goal.num_classes or min(weights) <= 0):
        raise ConfigError(
            f"class_weight must be a list of {goal.num_classes} numbers above 0, one a class. "
            f"Received: {shown(weights)}. Correct it, or choose balanced.",
            "class_weight",
        )


def check_augmentation(config: RunConfig, goal: DataSpec) -> None:
    """Raises ConfigError for augmentation of what is no image, or for a model that learns what images look like."""
    if config.augmentation is None:
        return
    if not goal.is_image or goal.rescale is None:
        raise ConfigError(
            "augmentation changes images, and this data set has none. "
            f"Received: {shown(config.augmentation.model_dump())}. Set it to null.",
            "augmentation",
        )
    if goal.task in ("reconstruction", "generation"):
        raise ConfigError(
            f"augmentation would teach this model changed images: {GOALS[goal.task]}. "
            f"Received: {shown(config.augmentation.model_dump())}. Set it to null.",
            "augmentation",
        )


def monitors(config: RunConfig) -> list[str]:
    """Returns what can be monitored in a run: the columns of its epochs' table that measure something."""
    traits = MODELS[config.model].traits
    names = [*traits.get("losses", ("loss",)), *config.metrics]
    measured = [*(f"val_{name}" for name in names), *names] if config.validation_split else names
    return [*measured, traits["monitor"]] if "monitor" in traits else measured


def find_monitor(config: RunConfig) -> str | None:
    """Returns what is monitored, wherever the config says so.

    Raises:
        ConfigError: it is not measured, or two are named.
    """
    known, asked = monitors(config), {config.monitor} - {None}
    for name in _POLICIES:
        policy = getattr(config, name)
        asked |= {policy.monitor} - {None} if policy else set()
    for name in asked - set(known):
        hint = "" if config.validation_split else " Nothing is validated, since validation_split is 0."
        raise ConfigError(
            f"monitor must be one of {', '.join(known)}. Received: {shown(name)}.{hint} Choose one of these.", "monitor"
        )
    needy = [name for name in _POLICIES if getattr(config, name)]
    if needy and (asked or {config.best_by}) == {"epoch"}:
        raise ConfigError(
            f"{needy[0]} must name a monitor here: the losses of this model do not say how good it is, so every epoch "
            f"counts as better than the one before. Choose one of {', '.join(known[:-1])}, or set it to null.",
            needy[0],
        )
    if len(asked) > 1:
        raise ConfigError(
            f"monitor must be the same everywhere in a run. Received: {', '.join(sorted(asked))}. Choose one of them.",
            "monitor",
        )
    return next(iter(asked), None)
