"""Makes `evaluate` of a downloaded model return the loss and the metrics that the run shows."""

from __future__ import annotations

import json

from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import LOSSES, MODELS, OPTIMIZERS
from trainer.config.run_config import RunConfig


def compile_model(model, config: RunConfig, spec: DataSpec, learner) -> str:
    """Compiles a downloaded model with Keras classes only, so that it loads without this project.

    Args:
        model: keras.Model.
        config: the run's.
        spec: of the run's data, with statistics.
        learner: the run's, with its metrics.

    Returns:
        What `evaluate` returns, as a sentence.
    """
    if seen_by(MODELS[config.model], spec).task != spec.task:
        return "The model is not compiled, because its targets are not those of the data set."
    loss, weight, sentence = keras_loss(config, spec)
    known = [metric for metric in learner.metrics if type(metric).__module__.startswith("keras.")]
    if is_smoothed(config) and config.loss == "categorical_crossentropy":
        known = [one_hot_metric(metric) for metric in known]
    left_out = [metric.name for metric in learner.metrics if metric.name not in {metric.name for metric in known}]
    if left_out:
        sentence += f"\nKeras has no metric that measures the run's {', '.join(left_out)}."
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer].build(**config.optimizer_options),
        loss=loss,
        loss_weights=None if weight == 1 else weight,
        metrics=known,
    )
    # Keras warns in loading about an optimizer without its variables.
    model.optimizer.build(model.trainable_variables)
    return sentence


def keras_loss(config: RunConfig, spec: DataSpec) -> tuple:
    """Returns the run's loss as a Keras loss, its factor, and what `evaluate` returns, as a sentence."""
    import keras

    sentence = "evaluate() gives the loss that the run shows"
    if spec.task == "regression":
        # The run measures in standard deviations of the target, the model predicts in the target's own units.
        std = spec.target_std
        unit = f"{sentence}, in standard deviations of the target ({std:.4g})."
        if config.loss == "mean_squared_error":
            return keras.losses.MeanSquaredError(), std**-2, unit
        if config.loss == "mean_absolute_error":
            return keras.losses.MeanAbsoluteError(), 1 / std, unit
        if config.loss == "huber":
            delta = config.loss_options["delta"] * std
            return (
                keras.losses.Huber(delta=delta),
                std**-2,
                "Keras saves its Huber loss without delta. Before evaluate(), which then gives the loss that the run "
                f"shows: model.compile(loss=keras.losses.Huber(delta={delta!r}), loss_weights={std**-2!r})",
            )
    elif is_smoothed(config):
        smoothing = config.loss_options["label_smoothing"]
        if config.loss == "binary_crossentropy":
            return keras.losses.BinaryCrossentropy(label_smoothing=smoothing), 1, f"{sentence}, with label smoothing."
        return (
            keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
            1,
            f"{sentence}, with label smoothing. It takes one-hot targets: keras.utils.to_categorical(y).",
        )
    entry = LOSSES[config.loss]
    return keras.losses.get(entry.traits.keras_name or entry.name), 1, f"{sentence}."


def is_smoothed(config: RunConfig) -> bool:
    """Returns whether the loss smooths the labels."""
    return bool(config.loss_options.get("label_smoothing"))


def one_hot_metric(metric):
    """Returns a Keras metric of class numbers as the same metric of one-hot targets."""
    import keras

    if isinstance(metric, keras.metrics.SparseTopKCategoricalAccuracy):
        return keras.metrics.TopKCategoricalAccuracy(k=metric.k, name=metric.name)
    if isinstance(metric, keras.metrics.SparseCategoricalAccuracy):
        return keras.metrics.CategoricalAccuracy(name=metric.name)
    return metric


def describe_model(spec: DataSpec, task: str, evaluate: str = "") -> str:
    """Returns what a downloaded model predicts, as JSON.

    Args:
        spec: of the data.
        task: of the model.
        evaluate: what `evaluate` returns, or "" if the model is not compiled.
    """
    about = {"task": task, "classes": list(spec.class_names) if task == spec.task else []}
    if task == "regression" and spec.target_std != 1:
        about["target"] = {"mean": spec.target_mean, "std": spec.target_std}
    return json.dumps(about | ({"evaluate": evaluate} if evaluate else {}), indent=2)
