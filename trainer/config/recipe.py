"""Recipe: the fields of a run's configuration, each with its own limits."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.config.augmentation import Augmentation
from trainer.config.options import is_model
from trainer.config.policies import EarlyStopping, ReloadOnPlateau

#: The device that stands for all of a machine: its GPUs, or its processors where it has none.
ALL_DEVICES = "all"
Device = Annotated[str, Field(pattern=r"^((CPU|GPU|TPU):\d+|all)$")]


class Recipe(BaseModel):
    """Names and numbers, each within its own limits; whether they fit together is checked by `RunConfig`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())

    model: str
    model_options: dict[str, Any] = {}
    dataset: str
    dataset_options: dict[str, Any] = {}
    optimizer: str = "adam"
    optimizer_options: dict[str, Any] = {}
    loss: str | None = Field(None, description="The quantity to minimize. Null: the usual one for the task.")
    loss_options: dict[str, Any] = {}
    metrics: list[str] | None = Field(
        None, description="Quantities measured beside the loss. Null: the usual ones for the task."
    )
    device: Device = Field(
        "CPU:0",
        description="The processor or GPU that runs the training. *all* shares each batch among all GPUs, or all "
        "processors if there is no GPU. The mathematics is the same, but batch norm and dropout work per device: "
        "each normalizes its own part of a batch.",
    )
    epochs: int = Field(10, ge=1, le=1_000_000, description="The number of passes over all training examples.")
    batch_size: int = Field(
        32,
        ge=1,
        le=65_536,
        title="Batch size",
        description="The number of examples in each step. Larger batches give smoother, but fewer steps per epoch.",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, description="The start of all random numbers. The same seed gives the same run."
    )
    validation_split: float = Field(
        0.2,
        ge=0,
        le=0.9,
        title="Validation split",
        description="The fraction of examples held out to measure the model on data it was not trained on. 0: none.",
    )
    schedule: str | None = Field(
        None,
        title="Learning-rate schedule",
        description="How the learning rate changes during the run. Null: it stays constant.",
    )
    schedule_options: dict[str, Any] = {}
    clip_norm: float | None = Field(
        None,
        gt=0,
        title="Clip gradient norm",
        description="Scale gradients down when their global norm is larger. Try 1 if the loss jumps.",
    )
    clip_value: float | None = Field(
        None,
        gt=0,
        title="Clip gradient values",
        description="Limit each gradient value to this size, in either direction.",
    )
    l1: float = Field(
        0.0, ge=0, le=10, title="L1 penalty", description="Pull weights to exactly zero. Try 0.0001. 0: off."
    )
    l2: float = Field(0.0, ge=0, le=10, title="L2 penalty", description="Keep weights small. Try 0.0001. 0: off.")
    class_weight: Literal["balanced"] | list[float] | None = Field(
        None,
        title="Class weights",
        description="Count rare classes more. *balanced* weighs each class by the inverse of its frequency.",
    )
    gradient_accumulation_steps: int = Field(
        1,
        ge=1,
        le=1024,
        title="Accumulate gradients",
        description="Average the gradients of this many batches per update. Acts like a larger batch in less memory.",
    )
    ema_momentum: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="Average weights",
        description="Keep an exponential moving average of the weights, to measure and download. Try 0.99.",
    )
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32", description="The number format of the layers. *mixed_bfloat16* is faster on a GPU that supports it."
    )
    augmentation: Augmentation | None = Field(None, description="Change training images at random in each step.")
    monitor: str | None = Field(
        None,
        description="The quantity that decides which epoch is best, such as val_accuracy. "
        "Null: val_loss; for a GAN, the newest epoch.",
    )
    checkpoint_seconds: float = Field(
        30.0,
        ge=1,
        le=86_400,
        title="Checkpoint every (s)",
        description="Seconds between two checkpoints: the most that a crash can cost.",
    )
    keep_checkpoints: int = Field(
        3,
        ge=1,
        le=1000,
        title="Checkpoints kept",
        description="The number of newest checkpoints on disk. The best one is kept as well.",
    )
    checkpoint_epochs: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        title="Checkpoint every (epochs)",
        description="Also write a checkpoint each time this many epochs have ended.",
    )
    profile_steps: int = Field(
        0,
        ge=0,
        le=1000,
        title="Profile steps",
        description="Profile this many first steps, for the TensorBoard download. Try 20. 0: off.",
    )
    histograms: bool = Field(
        False,
        title="Weight histograms",
        description="Also count how weights and gradients of each layer are spread, while the run trains. Slower.",
    )
    early_stopping: EarlyStopping | None = Field(
        None, title="Early stopping", description="End the run when it no longer improves."
    )
    reload_on_plateau: ReloadOnPlateau | None = Field(
        None,
        title="Reload on plateau",
        description="Return to the best epoch with a smaller learning rate when the run no longer improves.",
    )


def _find_nested() -> dict[str, type[BaseModel]]:
    variants = {name: typing.get_args(info.annotation) for name, info in Recipe.model_fields.items()}
    return {name: kind for name, kinds in variants.items() for kind in kinds if is_model(kind)}


#: The fields that hold fields of their own, with their types.
NESTED = _find_nested()
