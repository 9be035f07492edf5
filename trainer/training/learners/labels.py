"""Labels as a Keras user gives them: numbered from 0 or 1, and weighted by class or by label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from trainer.data.splits import Split
from trainer.errors import ConfigError
from trainer.training.learners.objective import first_label


class Labels:
    """Turns targets into what loss and metrics take, and gives each example its weight.

    Args:
        loss: the resolved loss, which says how labels are numbered.
        class_weight: one number per class, {label: weight}, or None.
    """

    def __init__(self, loss: Callable, class_weight: Sequence[float] | Mapping[int | str, float] | None):
        self._loss = loss
        self._by_label = class_weight if isinstance(class_weight, Mapping) else None
        is_by_class = class_weight is not None and self._by_label is None
        self._weights = tf.constant(class_weight, tf.float32) if is_by_class else None
        #: The lowest and the highest label of the data, if known.
        self._range: tuple[int, int] | None = None

    def accept(self, split: Split) -> bool:
        """Takes note of a split's labels; returns whether their range has changed.

        Raises:
            ConfigError: a class weight for a label that the data does not have.
        """
        labels, before = split.labels, self._range
        if labels is not None and before is not None:
            labels = min(labels[0], before[0]), max(labels[1], before[1])
        self._range = labels or before
        if self._by_label is not None:
            self._weights = tf.constant(weights_by_label(self._by_label, split, self._range), tf.float32)
        return self._range != before

    def targets(self, y, prediction):
        """Returns targets as loss and metrics take them: labels from 0, numbers of the predictions' rank."""
        if not isinstance(y, tf.Tensor) or isinstance(prediction, dict | tuple | list):
            return y
        if self._range is not None:
            y -= tf.cast(first_label(self._loss, self._range, prediction), y.dtype)
        return tf.squeeze(y, -1) if y.shape.rank == 2 and prediction.shape.rank == 1 and y.shape[-1] == 1 else y

    def sample_weight(self, y, targets) -> tf.Tensor | None:
        """Returns how much each example counts; None: all the same.

        Args:
            y: as in the data.
            targets: as `targets` returns them.
        """
        if self._weights is None:
            return None
        y = targets if self._by_label is None else y
        if not isinstance(y, tf.Tensor):
            raise ConfigError(
                "class_weight must be None for a model with several outputs. Received: weights. Use loss_weights.",
                "class_weight",
            )
        if y.shape.rank > 1 and y.shape[-1] != 1:
            y = tf.argmax(y, -1)
        return tf.gather(self._weights, tf.cast(tf.reshape(y, [-1]) if y.shape.rank == 2 else y, tf.int32))


def weights_by_label(given: Mapping[int | str, float], split: Split, labels: tuple[int, int] | None) -> list[float]:
    """Returns one weight per label from 0 on; labels without a weight get 1.

    Args:
        given: weight of each label, a number or the text that it stands for.
        split: of the data.
        labels: the lowest and the highest label, where they are known.

    Raises:
        ConfigError: a label that the data does not have.
    """
    indices = {name: index for index, name in enumerate(split.class_names)}
    known = {indices.get(label, label): float(weight) for label, weight in given.items()}
    highest = labels[1] if labels else split.y.shape[-1] - 1 if len(split.y.shape) > 1 else int(split.y.max())
    for label in known:
        if not isinstance(label, int) or not 0 <= label <= highest:
            raise ConfigError(
                f"class_weight must name labels of the data, up to {highest}. Received: {label!r}. Correct the label.",
                "class_weight",
            )
    return [known.get(label, 1.0) for label in range(highest + 1)]
