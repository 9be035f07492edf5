"""TensorFlow, loaded once and set up so that the same work gives the same bits."""

from __future__ import annotations

import os
import platform
import threading
from importlib import metadata

_lock = threading.Lock()
_status = "cold"
_threads: dict[str, int] = {}


def engine_status() -> str:
    """Returns "cold", "warming", "ready" or "failed"."""
    return _status


def count_threads() -> int:
    """Returns how many threads an operation may use: what this process is allowed, at most 16.

    The bits of some operations depend on it, so it is fixed at the start and recorded with each
    run. TRAINDECK_THREADS overrides it.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(os.environ.get("TRAINDECK_THREADS") or min(allowed, 16))


def load_engine(threads: int | None = None) -> None:
    """Imports TensorFlow and Keras and makes them deterministic; the second call does nothing.

    Args:
        threads: as `count_threads`, which is the default. It can be set only before the first use.
    """
    global _status
    with _lock:
        if _status == "ready":
            return
        _status = "warming"
        try:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            import keras  # noqa: F401
            import tensorflow as tf

            count = threads or count_threads()
            try:
                tf.config.threading.set_intra_op_parallelism_threads(count)
                tf.config.threading.set_inter_op_parallelism_threads(count)
            except RuntimeError:
                pass  # Somebody used TensorFlow before us: the fingerprint tells what is in force.
            tf.config.experimental.enable_op_determinism()
            _threads["intra_op"] = tf.config.threading.get_intra_op_parallelism_threads()
            _threads["inter_op"] = tf.config.threading.get_inter_op_parallelism_threads()
            _status = "ready"
        except BaseException:
            _status = "failed"
            raise


def warm_up() -> None:
    """Loads the engine and compiles one small step, so that the first run starts at once."""
    load_engine()
    import keras
    import numpy as np

    from trainer.dataset import Arrays, Dataset
    from trainer.learners import SupervisedLearner
    from trainer.loop import train

    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(inputs))
    learner = SupervisedLearner(model, optimizer="adam", loss="sparse_categorical_crossentropy")
    data = Dataset.from_arrays(Arrays(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1])))
    for _ in train(learner, data, epochs=1, batch_size=4):
        pass
    learner.release()


def fingerprint(device: str, jit_compile: bool) -> dict:
    """Returns what the bits of a run depend on beside its config.

    Where two fingerprints are equal, so are the bits. Elsewhere we do not promise it.
    """
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("tensorflow", "keras", "numpy")},
        "machine": platform.machine(),
        "processor": processor_name(),
        "threads": _threads.get("intra_op", 0),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        "device": device,
        "jit_compile": jit_compile,
    }


def differences(before: dict, now: dict) -> list[str]:
    """Returns what changed between two fingerprints, as "threads 2 → 4"."""
    return [f"{key} {before[key]} → {now.get(key)}" for key in before if before[key] != now.get(key)]


def processor_name() -> str:
    """Returns the processor's model name, as far as the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
