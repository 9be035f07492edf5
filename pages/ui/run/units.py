"""Units of the numbers that a run measures."""

from __future__ import annotations

import math

from pages.ui.numbers import format_number
from trainer import LOSSES, MODELS, Run, RunConfig
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by

#: Metrics in the unit of the target.
_IN_TARGET_UNITS = ("mean_absolute_error", "root_mean_squared_error")
_SIGMA = "σ is the standard deviation of the target over the training split."
_REGRESSION = {
    "mean_squared_error": ("in σ² of the target", f"{_SIGMA} Always guessing the mean gives about 1."),
    "mean_absolute_error": ("in σ of the target", f"{_SIGMA} 0.1 means that predictions are off by 0.1 σ on average."),
    "huber": ("in σ of the target", f"{_SIGMA} Small misses count squared, large ones by their size."),
}
_CROSS_ENTROPY = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")


def unit_of(name: str, config: RunConfig) -> str:
    """Returns the unit of a metric, such as "(in the unit of price)", or "" if it has none.

    Args:
        name: of the metric, without val_ or test_.
        config: of the run; its data may name the target.
    """
    target = config.dataset_options.get("target")
    return f"(in the unit of {target})" if name in _IN_TARGET_UNITS and target and isinstance(target, str) else ""


def explain_loss(config: RunConfig, data: DataSpec | None) -> str:
    """Returns what a loss means, in sentences.

    Args:
        config: of the run.
        data: spec of its data; None before it is known.
    """
    label = LOSSES[config.loss].label
    if data is None:
        return f"{label}: lower is better."
    goal = seen_by(MODELS[config.model], data)
    if goal.task == "regression" and config.loss == "mean_squared_error" and data.target_std != 1:
        return (
            f"{label}, in squared standard deviations of the target: 1 means as far off as its mean, "
            f"0.01 is a tenth of a standard deviation, which is {format_number(data.target_std)} here."
        )
    if goal.task == "regression" and data.target_std != 1:
        return f"{label}, in standard deviations of the target: one is {format_number(data.target_std)} here."
    if goal.task == "classification" and "crossentropy" in config.loss:
        guess = format_number(math.log(goal.num_classes))
        return (
            f"{label}, in nats: the negative logarithm of the probability that the model gives to the right class. "
            f"Equal probabilities for all {goal.num_classes} classes give {guess}."
        )
    if goal.task == "multilabel" and "crossentropy" in config.loss:
        return f"{label}, in nats per label: a probability of 0.5 for every label gives {format_number(math.log(2))}."
    return f"{label}: lower is better."


def loss_unit(run: Run) -> tuple[str, str]:
    """Returns the unit of a run's loss and what it means; two empty strings if it has none."""
    # A file is not read before the first start.
    spec: DataSpec | None = run.spec or (None if "path" in run.config.dataset_options else run.config.spec)
    if spec is None:
        return "", ""
    if spec.task == "regression":
        return _REGRESSION.get(run.config.loss, ("", ""))
    if spec.task == "classification" and run.config.loss in _CROSS_ENTROPY:
        guessing = f"Guessing among {spec.num_classes} equally frequent classes gives {math.log(spec.num_classes):.4g}."
        return "in nats", f"The mean of −ln of the probability given to the true class. 0 is perfect. {guessing}"
    return "", ""
