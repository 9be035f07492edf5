"""A generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661): two models, two optimizers."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from trainer.training.learners.gradients import GradientRules
from trainer.training.learners.grid import image_grid
from trainer.training.learners.learner import Learner
from trainer.training.learners.update import Update

_LOSSES = ("loss", "generator_loss", "discriminator_loss")
_SAMPLE_ROWS, _SAMPLE_COLUMNS = 5, 10


class GANLearner(Learner):
    """Trains a generator to make examples that a discriminator cannot tell from real ones.

    In each step the discriminator learns from a batch of real examples and as many made ones, then
    the generator learns from what the discriminator now thinks of these same made ones.

    Args:
        generator: built keras.Model from noise (batch, latent) to examples (batch, …).
        discriminator: built keras.Model from examples (batch, …) to scores (batch, 1).
        generator_optimizer, discriminator_optimizer: one of each; they keep separate state.
        loss: function (y, score) → scalar, with y float32 (batch, 1) of 1 real or 0 made; None: the
            cross-entropy of the score as log-odds.
        rescale: real examples are multiplied by this, to be in the units of made ones.
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
        self._means = {name: keras.metrics.Mean(name=name) for name in _LOSSES}
        self._eval_means = {name: keras.metrics.Mean(name=name) for name in _LOSSES}

    @property
    def model(self) -> keras.Model:
        """The generator: what is left when training is over."""
        return self.generator

    def train_step(self, batch, step):
        """See `Learner.train_step`."""
        real = self._scaled(batch[0])
        count = tf.shape(real)[0]
        seed = tf.cast(tf.convert_to_tensor(self._noise.next()), tf.int32)
        noise = tf.random.stateless_normal([count, self.latent], seed)
        generator, discriminator = self.generator.trainable_variables, self.discriminator.trainable_variables
        with tf.GradientTape() as making:
            made = self.generator(noise, training=True)
        with tf.GradientTape() as judging:
            # Apart, so that batch norm sees batches of one kind, as in the DCGAN paper.
            real_scores = self.discriminator(real, training=True)
            made_scores = self.discriminator(tf.stop_gradient(made), training=True)
            discriminator_loss = self._discriminator_loss(real_scores, made_scores)
            total = tf.add_n([discriminator_loss, *self.rules.penalty(discriminator)])
        gradients = judging.gradient(total, discriminator)
        discriminator_norm, _ = self._update(self._update_discriminator, gradients, step, count)
        with tf.GradientTape() as judging:
            judging.watch(made)
            generator_loss = self._generator_loss(self.discriminator(made, training=True))
        # The examples were made once; what is thought of them now flows back through their making.
        pull = judging.gradient(generator_loss, made)
        gradients = making.gradient(made, generator, output_gradients=pull)
        gradients = self._with_penalty(gradients, generator)
        generator_norm, learning_rate = self._update(self._update_generator, gradients, step, count)
        logs = self._gather(self._means, generator_loss, discriminator_loss, count)
        norm = tf.sqrt(generator_norm**2 + discriminator_norm**2)
        return logs | {"learning_rate": learning_rate, "grad_norm": norm}

    def eval_step(self, batch):
        """See `Learner.eval_step`. Its noise follows from the seed and the examples seen: nothing is used up."""
        real = self._scaled(batch[0])
        count = tf.shape(real)[0]
        seen = tf.cast(tf.convert_to_tensor(self._eval_means["loss"].count), tf.int32)
        made = self.generator(
            tf.random.stateless_normal([count, self.latent], tf.stack([self.seed, seen])), training=False
        )
        scores = self.discriminator(tf.concat([real, made], 0), training=False)
        self._gather(
            self._eval_means,
            self._generator_loss(scores[count:]),
            self._discriminator_loss(scores[:count], scores[count:]),
            count,
        )

    def samples(self):
        """Returns what the generator makes of noise that stays the same all along."""
        noise = np.random.Generator(np.random.Philox(self.seed)).standard_normal(
            (_SAMPLE_ROWS * _SAMPLE_COLUMNS, self.latent)
        )
        return image_grid(self.generator(noise.astype(np.float32), training=False).numpy(), columns=_SAMPLE_COLUMNS)

    def epoch_logs(self):
        """See `Learner.epoch_logs`."""
        return {name: float(mean.result()) for name, mean in self._means.items()}

    def eval_logs(self):
        """See `Learner.eval_logs`."""
        return {name: float(mean.result()) for name, mean in self._eval_means.items()}

    def reset_epoch(self):
        """See `Learner.reset_epoch`."""
        for mean in self._means.values():
            mean.reset_state()

    def reset_eval(self):
        """See `Learner.reset_eval`."""
        for mean in self._eval_means.values():
            mean.reset_state()

    def variables(self):
        """See `Learner.variables`."""
        return {
            "generator": list(self.generator.variables),
            "discriminator": list(self.discriminator.variables),
            "generator_optimizer": list(self.generator_optimizer.variables),
            "discriminator_optimizer": list(self.discriminator_optimizer.variables),
            "noise": [self._noise.state],
            "metrics": [variable for mean in self._means.values() for variable in mean.variables],
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

    def _scaled(self, x):
        return tf.cast(x, tf.float32) * self.rescale

    def _discriminator_loss(self, real, made):
        # Halved, so that guessing costs as much here as it does the generator.
        return 0.5 * (self._mean(tf.ones_like(real), real) + self._mean(tf.zeros_like(made), made))

    def _generator_loss(self, made):
        return self._mean(tf.ones_like(made), made)

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

    def _gather(self, means, generator_loss, discriminator_loss, count):
        """Adds one batch to the means and returns its losses."""
        losses = (generator_loss + discriminator_loss, generator_loss, discriminator_loss)
        logs = dict(zip(_LOSSES, losses, strict=True))
        for name, value in logs.items():
            means[name].update_state(value, sample_weight=tf.cast(count, tf.float32))
        return logs


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
