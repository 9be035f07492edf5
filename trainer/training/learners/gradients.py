"""Penalties on weights, and limits on gradients before the optimizer applies them."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf


def is_kernel(variable) -> bool:
    """Returns whether a variable is a kernel: of rank 2 or more, and not a bias.

    Some biases are matrices: those of a GRU (one row per bias) and of attention (one row per head).
    """
    name = variable.name.rsplit("/", 1)[-1].split(":")[0]
    return len(variable.shape) >= 2 and "bias" not in name


@dataclass(frozen=True)
class GradientRules:
    """Penalties on weights and limits on gradients.

    Attributes:
        clip_norm: the largest global norm; larger gradients are scaled down to it. Or None.
        clip_value: the largest absolute value of a gradient, applied before clip_norm; or None.
        l1, l2: weight of the penalties on |w| and w² of every kernel. Biases are not penalized, whatever their rank.
    """

    clip_norm: float | None = None
    clip_value: float | None = None
    l1: float = 0.0
    l2: float = 0.0

    def penalty(self, variables: list) -> list[tf.Tensor]:
        """Returns the penalty that is added to the loss, as a list of zero or one scalar."""
        kernels = [tf.convert_to_tensor(variable) for variable in variables if is_kernel(variable)]
        if not (self.l1 or self.l2) or not kernels:
            return []
        parts = [self.l1 * tf.reduce_sum(tf.abs(k)) + self.l2 * tf.reduce_sum(tf.square(k)) for k in kernels]
        return [tf.add_n(parts)]

    def limit(self, gradients: list[tf.Tensor], norm: tf.Tensor | None = None) -> list[tf.Tensor]:
        """Returns the gradients within their limits.

        Args:
            gradients: one per variable.
            norm: their global norm, if known; ignored if values are clipped.
        """
        if self.clip_value is not None:
            gradients, norm = [tf.clip_by_value(g, -self.clip_value, self.clip_value) for g in gradients], None
        if self.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm, use_norm=norm)
        return gradients


def global_norm(gradients: list[tf.Tensor]) -> tf.Tensor:
    """Returns the global norm of gradients, float32."""
    return tf.cast(tf.linalg.global_norm(gradients), tf.float32)
