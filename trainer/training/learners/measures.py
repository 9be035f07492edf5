"""The metrics of a learner: by name, per output of the model, and a second set for evaluation."""

from __future__ import annotations

import inspect

import keras
import tensorflow as tf

from trainer.errors import ConfigError
from trainer.training.learners.outputs import align, pair_outputs, per_output


def resolve_metrics(metrics, names: tuple[str, ...]) -> list[keras.metrics.Metric]:
    """Returns Keras metrics.

    Args:
        metrics: names, functions (y, prediction) or Keras metrics; for several outputs {output: metrics} or
            [metrics of the first output, …].
        names: of the model's outputs.

    Raises:
        ConfigError: unknown metrics, or two of one name.
    """
    if isinstance(metrics, dict) or len(names) > 1:
        keys = names or tuple(sorted(metrics))
        each = per_output(metrics, keys, "metrics") if metrics else []
        found = [
            OfOutput(resolve_metric(metric), name, names)
            for name, part in zip(keys, each, strict=False)
            for metric in (part if isinstance(part, tuple | list) else [part] * (part is not None))
        ]
    else:
        found = [resolve_metric(metric) for metric in ([metrics] if isinstance(metrics, str) else metrics)]
    taken = ["loss", "learning_rate", "grad_norm"]
    for metric in found:
        if metric.name in taken:
            raise ConfigError(
                f"metrics must have different names. Received: {metric.name!r} twice, or a name that the loop uses. "
                "Rename one.",
                "metrics",
            )
        taken.append(metric.name)
    return found


def resolve_metric(metric) -> keras.metrics.Metric:
    """Returns one Keras metric under the given name."""
    if metric in ("accuracy", "acc"):
        return keras.metrics.MeanMetricWrapper(accuracy, name=metric)
    try:
        found = keras.metrics.get(metric)
    except (ValueError, TypeError):
        found = None
    if not callable(found):
        raise ConfigError(
            f"metrics must be Keras metrics, their names or functions (y, prediction). Received: {metric!r}. "
            'Use "accuracy", for example.',
            "metrics",
        )
    if not isinstance(found, keras.metrics.Metric):
        name = metric if isinstance(metric, str) else getattr(found, "__name__", "metric")
        return keras.metrics.MeanMetricWrapper(found, name=name)
    if isinstance(metric, str):
        found.name = metric
    return found


def accuracy(y_true, y_pred):
    """Returns 1 for each correctly classified example, else 0; the shapes decide the kind, as in `compile`."""
    y_true, y_pred = align(y_true, y_pred)
    if len(y_pred.shape) == 1 or y_pred.shape[-1] == 1:
        return keras.metrics.binary_accuracy(y_true, y_pred)
    if len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1:
        return keras.metrics.sparse_categorical_accuracy(y_true, y_pred)
    return keras.metrics.categorical_accuracy(y_true, y_pred)


class OfOutput(keras.metrics.Metric):
    """A metric of one output of a model that has several.

    Args:
        metric: the metric.
        output: the output's name.
        names: of all outputs.
    """

    def __init__(self, metric: keras.metrics.Metric, output: str, names: tuple[str, ...]):
        super().__init__(name=f"{output}_{metric.name}")
        self.metric, self._output, self._names = metric, output, names

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch."""
        for name, y, prediction in pair_outputs(y_true, y_pred, self._names):
            if name == self._output:
                self.metric.update_state(y, prediction)

    def result(self):
        """Returns the metric's value."""
        return self.metric.result()

    def reset_state(self):
        """Starts again."""
        self.metric.reset_state()


class MetricCopy:
    """A metric with its own variables, for metrics that cannot be rebuilt from their config.

    Args:
        metric: the metric to copy.
    """

    def __init__(self, metric: keras.metrics.Metric):
        self._metric, self.name = metric, metric.name
        self.variables = [keras.Variable(v, dtype=v.dtype, trainable=False) for v in metric.variables]

    def update_state(self, y_true, y_pred):
        """Adds a batch."""
        self._assign(self._metric.stateless_update_state(list(self.variables), y_true, y_pred))

    def result(self):
        """Returns the metric's value."""
        return self._metric.stateless_result(list(self.variables))

    def reset_state(self):
        """Starts again."""
        self._assign(self._metric.stateless_reset_state())

    def _assign(self, values) -> None:
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)


def evaluation_copy(metric: keras.metrics.Metric):
    """Returns a copy of a metric with its own state."""
    try:
        config = metric.get_config()
    except NotImplementedError:
        return MetricCopy(metric)
    arguments = set(inspect.signature(type(metric)).parameters) - {"name", "dtype"}
    return type(metric).from_config(config) if arguments <= set(config) else MetricCopy(metric)


def batch_value(metric: keras.metrics.Metric, y: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Returns a metric of this batch alone, float32, without changing the epoch's mean; NaN where it is undefined."""
    if hasattr(metric, "of_batch"):
        return tf.cast(metric.of_batch(y, prediction), tf.float32)
    fresh = [tf.zeros_like(variable) for variable in metric.variables]
    return tf.cast(metric.stateless_result(metric.stateless_update_state(fresh, y, prediction)), tf.float32)
