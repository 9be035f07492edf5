"""Supervised learning: one model, one optimizer, one loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from trainer.data.values import map_parts, parts_of
from trainer.errors import ConfigError
from trainer.training.learners.class_weights import weights_by_label
from trainer.training.learners.compilation import is_dense, suits_xla
from trainer.training.learners.compiled_model import compiled_with, resolve_optimizer
from trainer.training.learners.gradients import GradientRules
from trainer.training.learners.learner import Learner
from trainer.training.learners.measures import evaluation_copy, resolve_metrics
from trainer.training.learners.objective import Objective, first_label, resolve_loss
from trainer.training.learners.outputs import output_names
from trainer.training.learners.update import Update


class SupervisedLearner(Learner):
    """Trains any `keras.Model` or `tf.Module` to predict y from x.

    Args:
        model: a built keras.Model, or a callable tf.Module, from x (batch, …) to predictions (batch, …).
        optimizer: a Keras optimizer or its name; None: the one that the model was compiled with, else Adam.
        loss: a Keras loss, its name, or a function (y, prediction) → the batch's mean or one value per example; for
            several outputs {output: loss} or [loss, …]. None: the one that the model was compiled with.
        loss_weights: of the outputs' losses in the sum, {output: weight} or [weight, …]; None: all 1.
        metrics: Keras metrics, their names or functions; for several outputs {output: metrics} or [metrics, …].
            None: those that the model was compiled with, if it also gives the loss.
        clip_norm, clip_value, l1, l2: see `GradientRules`.
        class_weight: how much an example of each class counts in training: one number per class, or
            {label: weight}, where labels that are missing count 1; or None.
        augmentation: changes training inputs at random, keras.Model of x; or None.
        jit_compile: whether to compile by XLA; None: by a rule on the model (`suits_xla`).

    Raises:
        ConfigError: the model has nothing to train or is not built yet, or the arguments cannot be used.
    """

    def __init__(
        self,
        model: keras.Model | tf.Module,
        *,
        optimizer: keras.optimizers.Optimizer | str | None = None,
        loss: Callable | str | dict | Sequence | None = None,
        loss_weights: dict | Sequence | None = None,
        metrics: dict | Sequence | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        class_weight: Sequence[float] | Mapping[int | str, float] | None = None,
        augmentation: keras.Model | None = None,
        jit_compile: bool | None = None,
    ):
        self.model = model
        compiled, names = compiled_with(model), output_names(model)
        if loss is None:
            loss, loss_weights = compiled.loss, compiled.loss_weights if loss_weights is None else loss_weights
            metrics = compiled.metrics if metrics is None else metrics
        if loss is None:
            raise ConfigError(
                "loss must be given where the model is not compiled with one. Received: None. "
                'Pass loss="mean_squared_error", for example.',
                "loss",
            )
        self.optimizer = resolve_optimizer(optimizer or compiled.optimizer or "adam")
        self.loss = resolve_loss(loss)
        self._objective = Objective(self.loss, loss_weights, names)
        self.metrics = resolve_metrics(() if metrics is None else metrics, names)
        self.rules = GradientRules(clip_norm, clip_value, l1, l2)
        self._class_weight, self._weights = class_weight, None
        if class_weight is not None and not isinstance(class_weight, Mapping):
            self._weights = tf.constant(class_weight, tf.float32)
        #: The lowest and the highest label of the data, where it is known.
        self._labels: tuple[int, int] | None = None
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
        self._eval_metrics = [evaluation_copy(metric) for metric in self.metrics]

    def accept(self, split):
        """See `Learner.accept`."""
        if [id(v) for v in self.model.trainable_variables] != [id(v) for v in self._trainable]:
            raise ConfigError(
                "Layers must be frozen or unfrozen before the learner is made. Received: "
                f"{len(self.model.trainable_variables)} trainable variables, {len(self._trainable)} when it was made. "
                "Make a new SupervisedLearner.",
                "model",
            )
        labels = split.labels
        if labels is not None and self._labels is not None:
            labels = min(labels[0], self._labels[0]), max(labels[1], self._labels[1])
        if labels is not None and labels != self._labels:
            # What was compiled before was checked for other labels.
            self._labels, self.program = labels, None
        if isinstance(self._class_weight, Mapping):
            self._weights = tf.constant(weights_by_label(self._class_weight, split, self._labels), tf.float32)

    def train_step(self, batch, step):
        """See `Learner.train_step`."""
        x, y = batch
        if self.augmentation is not None:
            x = self.augmentation(tf.cast(x, tf.float32), training=True)
        with tf.GradientTape() as tape:
            prediction = self._predict(x, training=True)
            labels, y = y, self._targets(y, prediction)
            loss = self._objective(y, prediction, self._sample_weight(labels, y))
            # What layers add, such as weight penalties, is trained on, but is not the loss that is shown.
            added = [*self._extra_losses(), *self.rules.penalty(self._trainable)]
            total = tf.add_n([loss, *(tf.cast(value, tf.float32) for value in added)])
        gradients = tape.gradient(total, self._trainable)
        gradients = [tf.zeros_like(v) if g is None else g for g, v in zip(gradients, self._trainable, strict=True)]
        if self.grad_norm_stride == 1:
            norm = global_norm(gradients)
        else:
            norm = tf.cond(
                step % self.grad_norm_stride == 0,
                lambda: global_norm(gradients),
                lambda: tf.constant(float("nan")),
            )
        examples = count_examples(x)
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
        y = self._targets(y, prediction)
        loss = self._objective(y, prediction)
        self._eval_loss.update_state(loss, sample_weight=count_examples(x))
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
        kind = self._trainable[0].dtype
        # A module of raw variables does not convert what it gets, as Keras layers do.
        return self.model(map_parts(lambda part: tf.cast(part, kind), x) if kind == tf.float64 else x)

    def _targets(self, y, prediction):
        """Returns targets as loss and metrics take them: labels from 0, numbers of the predictions' rank."""
        if not isinstance(y, tf.Tensor) or isinstance(prediction, dict | tuple | list):
            return y
        if self._labels is not None:
            y -= tf.cast(first_label(self.loss, self._labels, prediction), y.dtype)
        return tf.squeeze(y, -1) if y.shape.rank == 2 and prediction.shape.rank == 1 and y.shape[-1] == 1 else y

    def _sample_weight(self, labels, y):
        """Returns how much each example counts, or None; weights of a dictionary are by label, others by class."""
        if self._weights is None:
            return None
        y = labels if isinstance(self._class_weight, Mapping) else y
        if not isinstance(y, tf.Tensor):
            raise ConfigError(
                "class_weight must be None for a model with several outputs. Received: weights. Use loss_weights.",
                "class_weight",
            )
        if y.shape.rank > 1 and y.shape[-1] != 1:
            y = tf.argmax(y, -1)
        return tf.gather(self._weights, tf.cast(tf.reshape(y, [-1]) if y.shape.rank == 2 else y, tf.int32))

    def _extra_losses(self):
        return self.model.losses if isinstance(self.model, keras.Model) else []


def batch_value(metric: keras.metrics.Metric, y: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Returns a metric of this batch alone, float32, leaving the epoch's mean untouched; NaN where it is undefined."""
    if hasattr(metric, "of_batch"):
        return tf.cast(metric.of_batch(y, prediction), tf.float32)
    fresh = [tf.zeros_like(variable) for variable in metric.variables]
    return tf.cast(metric.stateless_result(metric.stateless_update_state(fresh, y, prediction)), tf.float32)


def count_examples(x) -> tf.Tensor:
    """Returns how many examples a batch has, float32."""
    return tf.cast(tf.shape(parts_of(x)[0])[0], tf.float32)


def global_norm(gradients: list[tf.Tensor]) -> tf.Tensor:
    """Returns the norm of all gradients together, float32."""
    return tf.cast(tf.linalg.global_norm(gradients), tf.float32)


def from_parts(model, parts) -> SupervisedLearner:
    """Returns the learner of a model that predicts a target; see `trainer.training.build.Parts`."""
    return parts.supervised(model, SupervisedLearner)
