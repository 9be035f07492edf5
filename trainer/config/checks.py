"""Whether the parts of a recipe fit together, and what is filled in where it is silent. Reads no data."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from trainer.config.data_spec import GOALS, DataSpec
from trainer.config.fitting import offered, refuse_misfit, seen_by, suggested_options
from trainer.config.monitors import find_monitor
from trainer.config.options import describe_option, refusal, shown
from trainer.config.recipe import ALL_DEVICES, NESTED, Recipe
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS, OPTIMIZERS, SCHEDULES
from trainer.config.split_sizes import check_batch_size, count_training
from trainer.errors import ConfigError


def first_refusal(failure: ValidationError) -> ConfigError:
    """Turns the first error that pydantic found into a sentence."""
    error = failure.errors()[0]
    name = str(error["loc"][0])
    if error["type"] == "string_pattern_mismatch":
        return ConfigError(
            f"{name} must look like CPU:0 or GPU:0, or be all. Received: {shown(error['input'])}. Use CPU:0.", name
        )
    if error["type"] == "missing":
        registry = {"model": MODELS, "dataset": DATASETS}[name]
        return ConfigError(f"{name} is missing. Choose one of {', '.join(registry)}.", name)
    if name == "class_weight":
        return ConfigError(
            "class_weight must be balanced, a list with one number above 0 per class, or null. "
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
    return refusal(describe_option(name, Recipe.model_fields[name]), error)


def complete(recipe: Recipe, spec: DataSpec) -> dict[str, Any]:
    """Checks every name, option and combination.

    Args:
        recipe: with complete options of its data set.
        spec: of the data set.

    Returns:
        The fields that the recipe leaves open or incomplete, with their values.

    Raises:
        ConfigError: for the first that does not fit.
    """
    dataset, model = DATASETS[recipe.dataset], MODELS[recipe.model]
    model_options = model.parse(recipe.model_options)
    refuse_misfit(model, spec, dataset, "model")
    goal = seen_by(model, spec)
    optimizer_options = suggested_options(model, recipe.optimizer) | recipe.optimizer_options
    optimizer_options = OPTIMIZERS[recipe.optimizer].parse(optimizer_options)
    loss = offered(LOSSES, goal)[0] if recipe.loss is None else recipe.loss
    loss_options = LOSSES[loss].parse(recipe.loss_options)
    metrics = recipe.metrics
    if metrics is None:
        metrics = [name for name in offered(METRICS, goal) if METRICS[name].traits.is_default]
    refuse_misfit(LOSSES[loss], goal, dataset, "loss")
    for name in metrics:
        refuse_misfit(METRICS[name], goal, dataset, "metrics")
    if model.traits.check_data:
        model.traits.check_data(spec, model_options)
    if len(set(metrics)) < len(metrics):
        raise ConfigError(
            f"metrics must name each metric once. Received: {shown(metrics)}. Remove the repeated ones.", "metrics"
        )
    check_batch_size(recipe.batch_size, spec, recipe.validation_split)
    check_accumulation(recipe, spec)
    schedule_options = complete_schedule(recipe)
    check_devices(recipe)
    check_precision(recipe)
    check_class_weight(recipe, goal)
    monitor = find_monitor(recipe, metrics)
    check_augmentation(recipe, goal)
    return {
        "model_options": model_options,
        "optimizer_options": optimizer_options,
        "loss": loss,
        "loss_options": loss_options,
        "metrics": metrics,
        "schedule_options": schedule_options,
        "monitor": monitor,
    }


def complete_schedule(recipe: Recipe) -> dict[str, Any]:
    """Returns all options of the schedule; raises ConfigError where there are options and no schedule."""
    if recipe.schedule is not None:
        return SCHEDULES[recipe.schedule].parse(recipe.schedule_options)
    if recipe.schedule_options:
        raise ConfigError("schedule_options must be empty without a schedule. Choose a schedule, or remove them.")
    return {}


def check_accumulation(recipe: Recipe, spec: DataSpec) -> None:
    """Raises ConfigError where gradients would be accumulated over more batches than an epoch has."""
    steps = -(-count_training(spec, recipe.validation_split) // recipe.batch_size)
    if recipe.gradient_accumulation_steps > steps:
        raise ConfigError(
            f"gradient_accumulation_steps must be between 1 and {steps} (the number of batches in an epoch). "
            f"Received: {recipe.gradient_accumulation_steps}. Choose fewer, or a smaller batch.",
            "gradient_accumulation_steps",
        )


def check_devices(recipe: Recipe) -> None:
    """Raises ConfigError where several devices cannot share the model's steps."""
    model = MODELS[recipe.model]
    if recipe.device == ALL_DEVICES and model.traits.only_one_device:
        raise ConfigError(
            f"device must be a single one for model {model.name}: {model.traits.only_one_device}. "
            f"Received: {shown(recipe.device)}. Use CPU:0 or GPU:0.",
            "device",
        )


def check_precision(recipe: Recipe) -> None:
    """Raises ConfigError for half precision on a processor, which gains nothing from it."""
    # Whether all devices are GPUs is known only where the run starts.
    if recipe.precision != "float32" and not recipe.device.startswith(("GPU", ALL_DEVICES)):
        raise ConfigError(
            f"precision must be float32 on {recipe.device}: only a GPU gains from half precision. "
            f"Received: {recipe.precision!r}. Use float32, or choose a GPU.",
            "precision",
        )


def check_class_weight(recipe: Recipe, goal: DataSpec) -> None:
    """Raises ConfigError where class weights do not fit the task or the number of classes."""
    weights = recipe.class_weight
    if weights is None:
        return
    if goal.task != "classification":
        raise ConfigError(
            f"class_weight needs classes, and here {GOALS[goal.task]}. Received: {shown(weights)}. Set it to null.",
            "class_weight",
        )
    if weights != "balanced" and (len(weights) != goal.num_classes or min(weights) <= 0):
        raise ConfigError(
            f"class_weight must be a list of {goal.num_classes} numbers above 0, one per class. "
            f"Received: {shown(weights)}. Correct it, or choose balanced.",
            "class_weight",
        )


def check_augmentation(recipe: Recipe, goal: DataSpec) -> None:
    """Raises ConfigError for augmentation of data without images, or for a model that learns the images themselves."""
    if recipe.augmentation is None:
        return
    if not goal.is_image or goal.rescale is None:
        raise ConfigError(
            "augmentation changes images, and this data set has none. "
            f"Received: {shown(recipe.augmentation.model_dump())}. Set it to null.",
            "augmentation",
        )
    if goal.task in ("reconstruction", "generation"):
        raise ConfigError(
            f"augmentation would teach this model changed images: {GOALS[goal.task]}. "
            f"Received: {shown(recipe.augmentation.model_dump())}. Set it to null.",
            "augmentation",
        )
