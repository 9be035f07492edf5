"""A generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661): two models, two optimizers."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from trainer.training.learners.gradients import GradientRules
from trainer.training.learners.metric_learner import MetricLearner
from trainer.training.learners.update import Update

_LOSSES = ("loss", "generator_loss", "discriminator_loss")


class GANLearner(MetricLearner):
    """Trains a generator to produce examples that a discriminator cannot distinguish from real ones.

    In each step the discriminator learns from a batch of real examples and as many generated ones. Then
    the generator learns from the updated discriminator's scores of the same generated examples.

    Args:
        generator: built keras.Model from noise (batch, latent) to examples (batch, …).
        discriminator: built keras.Model from examples (batch, …) to scores (batch, 1).
        generator_optimizer, discriminator_optimizer: one of each; they keep separate state.
        loss: function (y, score) → scalar, with y float32 (batch, 1), 1 for real and 0 for generated; None:
            the cross-entropy of the score as log-odds.
        rescale: factor on real examples, to bring them to the units of generated ones.
        rules: penalties on weights and limits on each model's gradients; None: none.
        seed: of all noise.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        generator_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        *,
        loss: Callable | None = None,
        rescale: float = 1.0,
        rules: GradientRules | None = None,
        seed: int = 0,
    ):
        self.generator, self.discriminator = generator, discriminator
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer
        self.loss = loss or keras.losses.BinaryCrossentropy(from_logits=True)
        self.rescale, self.rules, self.seed = rescale, rules or GradientRules(), seed
        self.latent = generator.input_shape[-1]
        self._update_generator = Update(generator_optimizer, generator.trainable_variables, self.rules)
        self._update_discriminator = Update(discriminator_optimizer, discriminator.trainable_variables, self.rules)
        self._noise = keras.random.SeedGenerator(seed)
        self.epoch_metrics = [keras.metrics.Mean(name=name) for name in _LOSSES]
        self.eval_metrics = [keras.metrics.Mean(name=name) for name in _LOSSES]

    @property
    def model(self) -> keras.Model:
        """The generator: the model that is exported."""
        return self.generator

    def train_step(self, batch, step):
        """See `Learner.train_step`."""
        real = self._scaled(batch[0])
        count = tf.shape(real)[0]
        seed = tf.cast(tf.convert_to_tensor(self._noise.next()), tf.int32)
        noise = tf.random.stateless_normal([count, self.latent], seed)
        generator, discriminator = self.generator.trainable_variables, self.discriminator.trainable_variables
        with tf.GradientTape() as generator_tape:
            generated = self.generator(noise, training=True)
        with tf.GradientTape() as discriminator_tape:
            # Separate calls: batch norm sees batches of one kind, as in the DCGAN paper.
            real_scores = self.discriminator(real, training=True)
            generated_scores = self.discriminator(tf.stop_gradient(generated), training=True)
            discriminator_loss = self._discriminator_loss(real_scores, generated_scores)
            total = tf.add_n([discriminator_loss, *self.rules.penalty(discriminator)])
        gradients = discriminator_tape.gradient(total, discriminator)
        discriminator_norm, _ = self._update(self._update_discriminator, gradients, step, count)
        with tf.GradientTape() as discriminator_tape:
            discriminator_tape.watch(generated)
            generator_loss = self._generator_loss(self.discriminator(generated, training=True))
        # Backpropagates the new scores through the generator without generating again.
        upstream = discriminator_tape.gradient(generator_loss, generated)
        gradients = generator_tape.gradient(generated, generator, output_gradients=upstream)
        gradients = self._with_penalty(gradients, generator)
        generator_norm, learning_rate = self._update(self._update_generator, gradients, step, count)
        logs = self._measure(self.epoch_metrics, generator_loss, discriminator_loss, count)
        norm = tf.sqrt(generator_norm**2 + discriminator_norm**2)
        return logs | {"learning_rate": learning_rate, "grad_norm": norm}

    def eval_step(self, batch):
        """See `Learner.eval_step`. Its noise follows from the seed and the examples seen, so no state changes."""
        real = self._scaled(batch[0])
        count = tf.shape(real)[0]
        seen = tf.cast(tf.convert_to_tensor(self.eval_metrics[0].count), tf.int32)
        generated = self.generator(
            tf.random.stateless_normal([count, self.latent], tf.stack([self.seed, seen])), training=False
        )
        scores = self.discriminator(tf.concat([real, generated], 0), training=False)
        self._measure(
            self.eval_metrics,
            self._generator_loss(scores[count:]),
            self._discriminator_loss(scores[:count], scores[count:]),
            count,
        )

    def generate(self, count: int) -> np.ndarray:
        """Returns generated examples, float32 (count, …), from noise that is the same throughout training."""
        return self.generator(self._fixed_noise(count), training=False).numpy()

    def gradients(self, batch):
        """See `Learner.gradients`; each model's gradients are those of its own loss."""
        real = self._scaled(batch[0])
        models = (self.generator, self.discriminator)
        with tf.GradientTape(persistent=True) as tape:
            generated = self.generator(self._fixed_noise(len(batch[0])), training=False)
            real_scores, scores = (self.discriminator(x, training=False) for x in (real, generated))
            losses = self._generator_loss(scores), self._discriminator_loss(real_scores, scores)
        return [
            (variable, gradient.numpy())
            for model, loss in zip(models, losses, strict=True)
            for variable, gradient in zip(
                model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
            )
            if gradient is not None
        ]

    def variables(self):
        """See `Learner.variables`."""
        return {
            "generator": list(self.generator.variables),
            "discriminator": list(self.discriminator.variables),
            "generator_optimizer": list(self.generator_optimizer.variables),
            "discriminator_optimizer": list(self.discriminator_optimizer.variables),
            "noise": [self._noise.state],
            "metrics": self.metric_variables(),
        }

    def optimizers(self):
        """See `Learner.optimizers`."""
        return [
            (self.generator_optimizer, list(self.generator.trainable_variables)),
            (self.discriminator_optimizer, list(self.discriminator.trainable_variables)),
        ]

    def log_names(self):
        """See `Learner.log_names`."""
        return [*_LOSSES, "learning_rate", "grad_norm"]

    def _fixed_noise(self, count: int) -> np.ndarray:
        noise = np.random.Generator(np.random.Philox(self.seed)).standard_normal((count, self.latent))
        return noise.astype(np.float32)

    def _scaled(self, x):
        return tf.cast(x, tf.float32) * self.rescale

    def _discriminator_loss(self, real, generated):
        # Halved, so that a random guess costs as much here as in the generator's loss.
        return 0.5 * (self._mean(tf.ones_like(real), real) + self._mean(tf.zeros_like(generated), generated))

    def _generator_loss(self, generated):
        return self._mean(tf.ones_like(generated), generated)

    def _mean(self, y, score):
        return tf.reduce_mean(tf.cast(self.loss(y, score), tf.float32))

    def _update(self, update, gradients, step, count):
        """Takes one model's gradients and returns their norm and the learning rate."""
        norm = tf.linalg.global_norm(gradients)
        rate = update(
            gradients, step, count, norm=norm, batch_size=self.batch_size, steps_per_epoch=self.steps_per_epoch
        )
        return norm, rate

    def _with_penalty(self, gradients, variables):
        """Adds the gradients of the penalty on weights, if there is one."""
        with tf.GradientTape() as tape:
            penalty = self.rules.penalty(variables)
        if not penalty:
            return gradients
        more = tape.gradient(penalty[0], variables)
        return [g if m is None else g + m for g, m in zip(gradients, more, strict=True)]

    def _measure(self, means, generator_loss, discriminator_loss, count):
        """Adds one batch to the means and returns its losses."""
        losses = (generator_loss + discriminator_loss, generator_loss, discriminator_loss)
        for mean, value in zip(means, losses, strict=True):
            mean.update_state(value, sample_weight=tf.cast(count, tf.float32))
        return dict(zip(_LOSSES, losses, strict=True))


def from_parts(models, parts) -> GANLearner:
    """Returns the learner of a generator and a discriminator; see `trainer.training.build.Parts`."""
    config = parts.config
    return GANLearner(
        *models,
        parts.optimizer(),
        parts.optimizer(),
        loss=parts.loss,
        rescale=parts.data.rescale,
        rules=GradientRules(config.clip_norm, config.clip_value, config.l1, config.l2),
        seed=parts.seeds(),
    )
