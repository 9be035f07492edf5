"""Predictor: a run's model at one checkpoint, in memory and ready to predict."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from trainer.analysis.trained import choose_state, restored
from trainer.config.fitting import seen_by
from trainer.config.registry import MODELS
from trainer.training.engine.start_up import load_engine

#: Examples per call. Small enough that training threads get their turn in between.
BATCH_SIZE = 256
_MOST_KEPT = 3


class Predictor:
    """Predicts raw examples exactly as the exported model does.

    Args:
        run: a `Run` with at least one checkpoint.
        source: "best", "latest" or a step; see `Run.find_checkpoint`.

    Attributes:
        step: of the checkpoint.
        digest: of the checkpoint's state.
        config: the run's recipe.
        data: the run's `DataSpec`, with statistics.
        spec: the same as the model sees it: with the model's own task.
        model: keras.Model or tf.Module; a GAN's generator.

    Raises:
        ExportError: there is no checkpoint yet, or it is damaged.
        ConfigError: there is no such checkpoint.
    """

    def __init__(self, run, source: str | int = "best"):
        load_engine()
        import tensorflow as tf

        checkpoint, arrays = choose_state(run, source)
        self.step, self.digest = checkpoint.step, checkpoint.digest
        self.config, self.data = run.config, run.spec
        self.spec = seen_by(MODELS[self.config.model], self.data)
        # The processor is always there, and a GPU's memory is left to training.
        with tf.device("CPU:0"):
            self._learner = restored(run, checkpoint, arrays)
        self.model = self._learner.model
        self._lock = threading.Lock()
        self._call = tf.function(self.apply, autograph=False, reduce_retracing=True)

    @property
    def learner(self):
        """The restored learner, with the optimizer's state."""
        return self._learner

    def apply(self, x):
        """Returns the model's output for a tensor of raw examples, as an operation that has gradients."""
        import keras

        # A tf.Module has no training mode.
        return self.model(x, training=False) if isinstance(self.model, keras.Model) else self.model(x)

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """Returns raw inputs in the units that an autoencoder reproduces, float32 (n, *input_shape)."""
        import tensorflow as tf

        with tf.device("CPU:0"):
            return self._learner.scaled(x)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example; a GAN's is that of its noise."""
        return tuple(self.model.input_shape[1:]) if self.spec.task == "generation" else tuple(self.data.input_shape)

    def predict(
        self, x: np.ndarray, wait: Callable[[], None] = lambda: None, tell: Callable[[float], None] = lambda _: None
    ) -> np.ndarray:
        """Returns the model's output for raw examples.

        Args:
            x: (n, *input_shape) as in the data set; for a GAN noise, float32 (n, latent).
            wait: called between two batches; may sleep, or raise to end the work.
            tell: told the fraction that is done, in (0, 1].

        Returns:
            float32 (n, …): probabilities (n, classes) or (n, 1); numbers in the target's own units (n, 1); an
            autoencoder's copies in scaled units, or a GAN's images, in [0, 1].
        """
        parts = []
        for first in range(0, len(x), BATCH_SIZE):
            if first:
                wait()
            parts.append(self._predict_batch(np.asarray(x[first : first + BATCH_SIZE])))
            tell(min(first + BATCH_SIZE, len(x)) / len(x))
        return np.concatenate(parts) if parts else self._predict_batch(np.asarray(x))

    def _predict_batch(self, batch: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        # One call at a time: two threads would trace the same function. Between two batches others get their turn.
        with self._lock, tf.device("CPU:0"):
            return np.asarray(self._call(tf.constant(batch)), np.float32)


_kept: OrderedDict[tuple[str, str], Predictor] = OrderedDict()
_lock = threading.Lock()


def predictor(run, source: str | int = "best") -> Predictor:
    """Returns the predictor of a run's checkpoint; the latest few stay in memory.

    Raises:
        ExportError: there is no checkpoint yet, or it is damaged.
        ConfigError: there is no such checkpoint.
    """
    checkpoint = run.find_checkpoint(source)
    key = (str(run.path), checkpoint.digest if checkpoint else "")
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = Predictor(run, source)
    with _lock:
        _kept[str(run.path), made.digest] = made
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return made
