"""The exact area under the ROC curve, of one batch or of a whole split."""

from __future__ import annotations

import keras
import tensorflow as tf

from trainer.catalog.variables import copies, free, set_raw


def area_under_roc(truth: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Returns the fraction of (positive, negative) pairs that are ranked right, averaged over the columns.

    A tie counts half (Mann & Whitney 1947). Columns without a positive or without a negative are skipped.

    Args:
        truth: uint8 (n, columns), 1 for a positive.
        scores: float32 (n, columns), 0 or more.

    Returns:
        float32 scalar in [0, 1], or NaN where no column has both.
    """
    truth = tf.cast(tf.transpose(truth), tf.int64)
    # Non-negative floats sort like their bits: one key sorts by score, then by truth.
    keys = 2 * tf.cast(tf.bitwise.bitwise_and(tf.bitcast(tf.transpose(scores), tf.int32), 0x7FFFFFFF), tf.int64)
    ranks = tf.range(tf.shape(keys, out_type=tf.int64)[1])
    highest = tf.reduce_sum(ranks * (tf.sort(keys + truth) % 2), axis=-1)  # Ties: positives last.
    lowest = tf.reduce_sum(ranks * (1 - tf.sort(keys + 1 - truth) % 2), axis=-1)  # Ties: positives first.
    positives = tf.reduce_sum(truth, axis=-1)
    pairs = tf.cast(positives * tf.reduce_sum(1 - truth, axis=-1), tf.float64)
    right = tf.cast(highest + lowest - positives * (positives - 1), tf.float64) / 2
    is_defined = pairs > 0
    areas = tf.where(is_defined, right / tf.maximum(pairs, 1), 0)
    # 0 / 0 = NaN where no column counts.
    return tf.cast(tf.reduce_sum(areas) / tf.reduce_sum(tf.cast(is_defined, tf.float64)), tf.float32)


class AUC(keras.metrics.Metric):
    """The area under the ROC curve over all examples since the last reset.

    Args:
        task: "classification" or "multilabel".
        num_classes: classes or labels.
        examples: the most examples in a split; this many scores are kept per column.
    """

    def __init__(self, task: str, num_classes: int, examples: int, name: str = "auc", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._arguments = {"task": task, "num_classes": num_classes, "examples": examples}
        shape = examples, columns_of(task, num_classes)
        self.scores = self.add_weight(shape=shape, initializer="zeros", name="scores")
        self.truth = self.add_weight(shape=shape, initializer="zeros", dtype="uint8", name="truth")
        self.count = self.add_weight(initializer="zeros", dtype="int32", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Stores the scores of a batch."""
        truth, scores = self._columns(y_true, y_pred)
        count = tf.convert_to_tensor(self.count)
        places = (count + tf.range(tf.shape(scores)[0]))[:, None]
        # Not assign(): a step must not copy all stored scores.
        for stored, new in ((self.truth, truth), (self.scores, scores)):
            for copy in copies(stored):
                copy.scatter_nd_update(places, new)
        self.count.assign(count + tf.shape(scores)[0])

    def result(self):
        """Returns the area over all stored scores, or NaN if it is undefined."""
        count = tf.convert_to_tensor(self.count)
        return area_under_roc(self.truth.value[:count], self.scores.value[:count])

    def of_batch(self, y_true, y_pred):
        """Returns the area of this batch alone, or NaN if it is undefined."""
        return area_under_roc(*self._columns(y_true, y_pred))

    def reset_state(self):
        """Starts over, and allocates the memory for all scores again if it was freed."""
        for variable in self.variables:
            set_raw(variable, tf.zeros(variable.shape, variable.dtype))

    def release(self):
        """Frees the memory of the scores until the next reset."""
        free(self.variables)

    def get_config(self):
        """Returns the arguments of an equal metric."""
        return {**self._arguments, "name": self.name}

    def _columns(self, y, prediction):
        if self._arguments["task"] != "multilabel":
            y = tf.one_hot(tf.reshape(y, [-1]), self._arguments["num_classes"], dtype=tf.uint8)
        columns = self.scores.shape[1]
        return tf.cast(y[:, -columns:], tf.uint8), tf.cast(prediction[:, -columns:], tf.float32)


def columns_of(task: str, num_classes: int) -> int:
    """Returns the number of curves: one per class or label, but a single one for two classes."""
    return 1 if task == "classification" and num_classes == 2 else num_classes
