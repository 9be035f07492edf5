"""Supervised learning: one model, one optimizer, one loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from trainer.errors import ConfigError
from trainer.learners.compilation import is_dense, suits_xla
from trainer.learners.gradients import GradientRules
from trainer.learners.learner import Learner
from trainer.learners.update import Update


class SupervisedLearner(Learner):
    """Trains any `keras.Model` or `tf.Module` to predict y from x.

    Args:
        model: a built keras.Model, or a callable tf.Module, from x (batch, …) to predictions (batch, …).
        optimizer: a Keras optimizer or its name.
        loss: a Keras loss, its name, or a function (y, prediction) → scalar, the batch's mean.
        metrics: Keras metrics.
        clip_norm, clip_value, l1, l2: see `GradientRules`.
        class_weight: how much an example of each class counts in training, one number a class; or None.
        augmentation: changes training inputs at random, keras.Model of x; or None.
        jit_compile: whether to compile by XLA; None: by a rule on the model (`suits_xla`).

    Raises:
        ConfigError: the model has nothing to train, or is not built yet.
    """

    def __init__(
        self,
        model: keras.Model | tf.Module,
        *,
        optimizer: keras.optimizers.Optimizer | str = "adam",
        loss: Callable | str,
        metrics: Sequence[keras.metrics.Metric] = (),
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        class_weight: Sequence[float] | None = None,
        augmentation: keras.Model | None = None,
        jit_compile: bool | None = None,
    ):
        self.model = model
        self.optimizer = keras.optimizers.get(optimizer)
        self.loss = keras.losses.get(loss)
        self.metrics = [keras.metrics.get(metric) for metric in metrics]
        self.rules = GradientRules(clip_norm, clip_value, l1, l2)
        self._class_weight = None if class_weight is None else tf.constant(class_weight, tf.float32)
        self.augmentation = augmentation
        # Random changes are as slow under XLA as dropout.
        self.jit_compile = suits_xla(model) and augmentation is None if jit_compile is None else jit_compile
        # Reading every gradient once more costs a dense step up to half its speed, others nothing.
        self.grad_norm_stride = 16 if (self.jit_compile or is_dense(model)) and clip_norm is None else 1
        self._trainable = list(model.trainable_variables)
        if not self._trainable:
            raise ConfigError(
                "model must have trainable variables. Received: none. Build it first, by calling it on a batch, or "
                "begin it with keras.Input.",
                "model",
            )
        self._update = Update(self.optimizer, self._trainable, self.rules, may_compile=not self.jit_compile)
        self.is_compiled = self.jit_compile or self._update.is_compiled
        self._mean_loss = keras.metrics.Mean(name="loss")
        self._eval_loss = keras.metrics.Mean(name="loss")
        self._eval_metrics = [metric.__class__.from_config(metric.get_config()) for metric in self.metrics]

    def train_step(self, batch, step):
        """See `Learner.train_step`."""
        x, y = batch
        if self.augmentation is not None:
            x = self.augmentation(tf.cast(x, tf.float32), training=True)
        with tf.GradientTape() as tape:
            prediction = self._predict(x, training=True)
            loss = self._mean(y, prediction, self._sample_weight(y))
            # What layers add, such as weight penalties, is trained on, but is not the loss that is shown.
            total = tf.add_n([loss, *self._extra_losses(), *self.rules.penalty(self._trainable)])
        gradients = tape.gradient(total, self._trainable)
        gradients = [tf.zeros_like(v) if g is None else g for g, v in zip(gradients, self._trainable, strict=True)]
        if self.grad_norm_stride == 1:
            norm = tf.linalg.global_norm(gradients)
        else:
            norm = tf.cond(
                step % self.grad_norm_stride == 0,
                lambda: tf.linalg.global_norm(gradients),
                lambda: tf.constant(float("nan")),
            )
        examples = tf.cast(tf.shape(x)[0], tf.float32)
        learning_rate = self._update(
            gradients,
            step,
            examples,
            norm=norm if self.grad_norm_stride == 1 else None,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
        )
        logs = {"loss": loss}
        self._mean_loss.update_state(loss, sample_weight=examples)
        for metric in self.metrics:
            metric.update_state(y, prediction)
            logs[metric.name] = batch_value(metric, y, prediction)
        logs |= {"learning_rate": learning_rate, "grad_norm": norm}
        return logs

    def eval_step(self, batch):
        """See `Learner.eval_step`."""
        x, y = batch
        prediction = self._predict(x, training=False)
        loss = self._mean(y, prediction)
        self._eval_loss.update_state(loss, sample_weight=tf.cast(tf.shape(x)[0], tf.float32))
        for metric in self._eval_metrics:
            metric.update_state(y, prediction)

    def epoch_logs(self):
        """See `Learner.epoch_logs`."""
        return {metric.name: float(metric.result()) for metric in [self._mean_loss, *self.metrics]}

    def eval_logs(self):
        """See `Learner.eval_logs`."""
        return {metric.name: float(metric.result()) for metric in [self._eval_loss, *self._eval_metrics]}

    @property
    def measures_classes(self):
        """See `Learner.measures_classes`."""
        return any(hasattr(metric, "per_class") for metric in self.metrics)

    def eval_logs_by_class(self):
        """See `Learner.eval_logs_by_class`."""
        return {
            f"{metric.name.removesuffix('_macro')}_{label}": value
            for metric in self._eval_metrics
            if hasattr(metric, "per_class")
            for label, value in metric.per_class().items()
        }

    def reset_epoch(self):
        """See `Learner.reset_epoch`."""
        for metric in [self._mean_loss, *self.metrics]:
            metric.reset_state()

    def reset_eval(self):
        """See `Learner.reset_eval`."""
        for metric in [self._eval_loss, *self._eval_metrics]:
            metric.reset_state()

    def release(self):
        """See `Learner.release`."""
        super().release()
        for metric in self._eval_metrics:
            if hasattr(metric, "release"):
                metric.release()

    def variables(self):
        """See `Learner.variables`."""
        metrics = [variable for metric in [self._mean_loss, *self.metrics] for variable in metric.variables]
        parts = {"model": list(self.model.variables), "optimizer": list(self.optimizer.variables), "metrics": metrics}
        return parts | ({"augmentation": list(self.augmentation.variables)} if self.augmentation else {})

    def optimizers(self):
        """See `Learner.optimizers`."""
        return [(self.optimizer, self._trainable)]

    def log_names(self):
        """See `Learner.log_names`."""
        return ["loss", *(metric.name for metric in self.metrics), "learning_rate", "grad_norm"]

    def _predict(self, x, training):
        if isinstance(self.model, keras.Model):
            return self.model(x, training=training)
        return self.model(x)

    def _sample_weight(self, y):
        return None if self._class_weight is None else tf.gather(self._class_weight, y)

    def _mean(self, y, prediction, sample_weight=None):
        values = self.loss(y, prediction) if sample_weight is None else self.loss(y, prediction, sample_weight)
        # A loss given by name keeps one value an example.
        return tf.reduce_mean(tf.cast(values, tf.float32))

    def _extra_losses(self):
        return self.model.losses if isinstance(self.model, keras.Model) else []


def batch_value(metric: keras.metrics.Metric, y: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Returns a metric of this batch alone, float32, leaving the epoch's mean untouched; NaN where it is undefined."""
    if hasattr(metric, "of_batch"):
        return tf.cast(metric.of_batch(y, prediction), tf.float32)
    fresh = [tf.zeros_like(variable) for variable in metric.variables]
    return tf.cast(metric.stateless_result(metric.stateless_update_state(fresh, y, prediction)), tf.float32)
