"""The part of a learner that measures: Keras metrics over an epoch's training batches, and over an evaluation."""

from __future__ import annotations

import keras

from trainer.training.learners.learner import Learner


class MetricLearner(Learner):
    """A learner whose logs are Keras metrics.

    A subclass sets both lists; the loss is one of the metrics.

    Attributes:
        epoch_metrics: over the training batches of an epoch; part of the state.
        eval_metrics: over an evaluation; not part of the state.
    """

    epoch_metrics: list[keras.metrics.Metric]
    eval_metrics: list[keras.metrics.Metric]

    def epoch_logs(self):
        """See `Learner.epoch_logs`."""
        return {metric.name: float(metric.result()) for metric in self.epoch_metrics}

    def eval_logs(self):
        """See `Learner.eval_logs`."""
        return {metric.name: float(metric.result()) for metric in self.eval_metrics}

    @property
    def measures_classes(self):
        """See `Learner.measures_classes`."""
        return any(hasattr(metric, "per_class") for metric in self.eval_metrics)

    def eval_logs_by_class(self):
        """See `Learner.eval_logs_by_class`."""
        return {
            f"{metric.name.removesuffix('_macro')}_{label}": value
            for metric in self.eval_metrics
            if hasattr(metric, "per_class")
            for label, value in metric.per_class().items()
        }

    def reset_epoch(self):
        """See `Learner.reset_epoch`."""
        for metric in self.epoch_metrics:
            metric.reset_state()

    def reset_eval(self):
        """See `Learner.reset_eval`."""
        for metric in self.eval_metrics:
            metric.reset_state()

    def release(self):
        """See `Learner.release`."""
        super().release()
        for metric in self.eval_metrics:
            if hasattr(metric, "release"):
                metric.release()

    def metric_variables(self) -> list:
        """Returns the variables of the epoch's metrics."""
        return [variable for metric in self.epoch_metrics for variable in metric.variables]
