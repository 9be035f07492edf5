"""Supervised learning: one model, one optimizer, one loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from trainer.catalog.replica_seeds import separate_streams
from trainer.catalog.variables import copies
from trainer.data.values import map_parts, parts_of
from trainer.errors import ConfigError
from trainer.training.learners.compilation import is_dense, suits_xla
from trainer.training.learners.compiled_model import compiled_with, resolve_optimizer
from trainer.training.learners.gradients import GradientRules, global_norm
from trainer.training.learners.labels import Labels
from trainer.training.learners.measures import batch_value, evaluation_copy, resolve_metrics
from trainer.training.learners.metric_learner import MetricLearner
from trainer.training.learners.objective import Objective, resolve_loss
from trainer.training.learners.outputs import output_names
from trainer.training.learners.statistics import Statistics
from trainer.training.learners.update import Update

#: Examples per call of `predict`.
PREDICTED_AT_ONCE = 4096


class SupervisedLearner(MetricLearner):
    """Trains any `keras.Model` or `tf.Module` to predict y from x.

    Args:
        model: a built keras.Model, or a callable tf.Module, from x (batch, …) to predictions (batch, …).
        optimizer: a Keras optimizer or its name; None: the one that the model was compiled with, or Adam.
        loss: a Keras loss, its name, or a function (y, prediction) → the batch's mean or one value per example; for
            several outputs {output: loss} or [loss, …]. None: the one that the model was compiled with.
        loss_weights: of the outputs' losses in the sum, {output: weight} or [weight, …]; None: all 1.
        metrics: Keras metrics, their names or functions; for several outputs {output: metrics} or [metrics, …].
            None: those that the model was compiled with, if it also gives the loss.
        clip_norm, clip_value, l1, l2: see `GradientRules`.
        class_weight: how much an example of each class counts in training: one number per class, or
            {label: weight}, where missing labels get 1; or None.
        augmentation: keras.Model that changes training inputs at random; or None.
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
                "loss must be given if the model is not compiled with one. Received: None. "
                'Pass loss="mean_squared_error", for example.',
                "loss",
            )
        self.optimizer = resolve_optimizer(optimizer or compiled.optimizer or "adam")
        self.loss = resolve_loss(loss)
        self._objective = Objective(self.loss, loss_weights, names)
        self.metrics = resolve_metrics(() if metrics is None else metrics, names)
        self.rules = GradientRules(clip_norm, clip_value, l1, l2)
        self._labels = Labels(self.loss, class_weight)
        self.augmentation = augmentation
        # Random changes are as slow under XLA as dropout.
        self.jit_compile = suits_xla(model) and augmentation is None if jit_compile is None else jit_compile
        self._statistics = Statistics()
        has_replicas = tf.distribute.has_strategy()
        if has_replicas:
            # XLA compiles for one device.
            self.jit_compile, self._statistics = False, Statistics.of(model)
            for part in (model, augmentation):
                if isinstance(part, keras.Model):
                    separate_streams(part)
        # Reading every gradient again makes a dense step up to twice as slow; other steps do not notice.
        self.grad_norm_stride = 16 if (self.jit_compile or is_dense(model)) and clip_norm is None else 1
        self._trainable = list(model.trainable_variables)
        if not self._trainable:
            raise ConfigError(
                "model must have trainable variables. Received: none. Build it first, by calling it on a batch, or "
                "start it with keras.Input.",
                "model",
            )
        may_compile = not (self.jit_compile or has_replicas)
        self._update = Update(self.optimizer, self._trainable, self.rules, may_compile=may_compile)
        self.is_compiled = self.jit_compile or self._update.is_compiled
        self.epoch_metrics = [keras.metrics.Mean(name="loss"), *self.metrics]
        self.eval_metrics = [evaluation_copy(metric) for metric in self.epoch_metrics]

    def accept(self, split):
        """See `Learner.accept`."""
        if [id(v) for v in self.model.trainable_variables] != [id(v) for v in self._trainable]:
            raise ConfigError(
                "Layers must be frozen or unfrozen before the learner is created. Received: "
                f"{len(self.model.trainable_variables)} trainable variables, {len(self._trainable)} when it was "
                "created. Create a new SupervisedLearner.",
                "model",
            )
        if self._labels.accept(split):
            # The compiled programs were checked for other labels.
            self.program = self.eval_program = None

    def why_not_shared(self):
        """See `Learner.why_not_shared`."""
        parts = self.loss.values() if isinstance(self.loss, dict) else self.loss
        for loss in parts if isinstance(parts, Iterable) else [parts]:
            if getattr(loss, "reduction", None) in ("sum", "mean_with_sample_weight"):
                return f"the sum of its loss over a batch depends on the other parts (reduction={loss.reduction!r})"
        return None

    def train_step(self, batch, step):
        """See `Learner.train_step`."""
        x, y = batch
        replicas, before = self.replicas, self._statistics.read()
        if self.augmentation is not None:
            x = self.augmentation(tf.cast(x, tf.float32), training=True)
        with tf.GradientTape() as tape:
            prediction = self._predict(x, training=True)
            targets = self._labels.targets(y, prediction)
            loss = self._objective(targets, prediction, self._labels.sample_weight(y, targets))
            # Losses of layers, such as weight penalties, are minimized too, but are not part of the logged loss.
            added = [*self._extra_losses(), *self.rules.penalty(self._trainable)]
            total = replicas.weigh(tf.add_n([loss, *(tf.cast(value, tf.float32) for value in added)]))
        gradients = tape.gradient(total, self._trainable)
        gradients = [tf.zeros_like(v) if g is None else g for g, v in zip(gradients, self._trainable, strict=True)]
        # From here on every device has the whole batch's loss, gradients, targets and predictions.
        changes = [replicas.weigh(change) for change in self._statistics.changes(before)]
        loss, *sums = replicas.add_up([replicas.weigh(loss), *gradients, *changes])
        gradients, changes = sums[: len(gradients)], sums[len(gradients) :]
        self._statistics.apply(before, changes)
        targets, prediction = replicas.join(targets), replicas.join(prediction)
        if self.grad_norm_stride == 1:
            norm = global_norm(gradients)
        else:
            norm = tf.cond(
                step % self.grad_norm_stride == 0,
                lambda: global_norm(gradients),
                lambda: tf.constant(float("nan")),
            )
        examples = replicas.count(count_examples(x))
        learning_rate = self._update(
            gradients,
            step,
            examples,
            norm=norm if self.grad_norm_stride == 1 else None,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
        )
        logs = {"loss": loss}
        self.epoch_metrics[0].update_state(loss, sample_weight=examples)
        for metric in self.metrics:
            metric.update_state(targets, prediction)
            logs[metric.name] = batch_value(metric, targets, prediction)
        logs |= {"learning_rate": learning_rate, "grad_norm": norm}
        return logs

    def eval_step(self, batch):
        """See `Learner.eval_step`."""
        x, y = batch
        prediction = self._predict(x, training=False)
        targets = self._labels.targets(y, prediction)
        mean_loss, *metrics = self.eval_metrics
        mean_loss.update_state(self._objective(targets, prediction), sample_weight=count_examples(x))
        for metric in metrics:
            metric.update_state(targets, prediction)

    def predict(self, x):
        """See `Learner.predict`."""
        parts = []
        for first in range(0, len(x), PREDICTED_AT_ONCE):
            part = self._predict(tf.constant(x[first : first + PREDICTED_AT_ONCE]), training=False)
            if not tf.is_tensor(part):
                return None
            parts.append(tf.cast(part, tf.float32).numpy())
        return np.concatenate(parts) if parts else None

    def gradients(self, batch):
        """See `Learner.gradients`."""
        x, y = (map_parts(tf.constant, half) for half in batch)
        with tf.GradientTape() as tape:
            prediction = self._predict(x, training=False)
            loss = self._objective(self._labels.targets(y, prediction), prediction)
        sources = [copies(variable)[0] for variable in self._trainable]
        pairs = zip(self._trainable, tape.gradient(loss, sources), strict=True)
        return [(v, tf.cast(tf.convert_to_tensor(g), tf.float32).numpy()) for v, g in pairs if g is not None]

    def variables(self):
        """See `Learner.variables`."""
        parts = {
            "model": list(self.model.variables),
            "optimizer": list(self.optimizer.variables),
            "metrics": self.metric_variables(),
        }
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
        # A module of raw variables does not convert its inputs, as Keras layers do.
        return self.model(map_parts(lambda part: tf.cast(part, kind), x) if kind == tf.float64 else x)

    def _extra_losses(self):
        return self.model.losses if isinstance(self.model, keras.Model) else []


def count_examples(x) -> tf.Tensor:
    """Returns how many examples a batch has, float32."""
    return tf.cast(tf.shape(parts_of(x)[0])[0], tf.float32)


def from_parts(model, parts) -> SupervisedLearner:
    """Returns the learner of a model that predicts a target; see `trainer.training.build.Parts`."""
    return parts.supervised(model, SupervisedLearner)
