"""Loads TensorFlow once and sets it up so that the same work gives the same bits."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import re
import tempfile
import threading
from collections.abc import Iterator
from importlib import metadata

from trainer.config.environment import read_setting
from trainer.errors import ConfigError
from trainer.training.engine.libraries import load_libraries

_lock = threading.Lock()
_status = "cold"
_is_compiling = False
#: Set when a training program has been compiled.
_has_compiled = threading.Event()
#: The threads that wait for the engine.
_waiting: set[int] = set()
_stderr = 2
_threads: dict[str, int] = {}
_exact_lock = threading.Lock()
#: How many blocks of `deterministic` are running.
_exact_blocks = 0
_NOISE = re.compile(rb"[IWE]0000 |WARNING: All log messages before absl|To enable the following instructions")


def engine_status() -> str:
    """Returns "cold", "warming", "ready" or "failed"."""
    return _status


def is_warm() -> bool:
    """Returns whether the engine is ready and nothing is being compiled for the first run any more."""
    return _status == "ready" and not _is_compiling


def is_awaited() -> bool:
    """Returns whether a thread waits until the engine is loaded."""
    return bool(_waiting)


@contextlib.contextmanager
def first_compilation() -> Iterator[None]:
    """Marks the block in which the first program is compiled; see `is_warm`."""
    global _is_compiling
    _is_compiling = True
    try:
        yield
    finally:
        _is_compiling = False


def note_compiled() -> None:
    """Notes that a training program has been compiled."""
    _has_compiled.set()


def wait_compiled(seconds: float) -> bool:
    """Waits until a training program has been compiled; returns whether one has.

    Args:
        seconds: to wait at most.
    """
    return _has_compiled.wait(seconds)


def count_threads() -> int:
    """Returns how many threads an operation may use: the processors this process may use, at most 16.

    The bits of some operations depend on it, so it is fixed at the start and recorded with each
    run. TRAINDECK_THREADS overrides it.

    Raises:
        ConfigError: TRAINDECK_THREADS is not a whole number of at least 1.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return read_setting("TRAINDECK_THREADS", min(allowed, 16))


def prepare_engine() -> None:
    """Does the part of `load_engine` in which other threads can run, unless that has begun."""
    with _lock:
        if _status == "cold":
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            with without_start_up_messages():
                load_libraries()


def load_engine(threads: int | None = None) -> None:
    """Imports TensorFlow and Keras and fixes their number of threads; the second call does nothing.

    Args:
        threads: as `count_threads`, which is the default. It can be set only before the first use.
    """
    global _status
    _waiting.add(threading.get_ident())
    with _lock:
        _waiting.discard(threading.get_ident())
        if _status == "ready":
            return
        _status = "warming"
        try:
            with without_start_up_messages(), without_collection():
                os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
                import keras  # noqa: F401
                import tensorflow as tf

            count = threads or count_threads()
            try:
                tf.config.threading.set_intra_op_parallelism_threads(count)
                tf.config.threading.set_inter_op_parallelism_threads(count)
            except RuntimeError:
                pass  # TensorFlow was used before. The fingerprint records the actual numbers.
            # Every run compiles its own program, and TensorFlow would warn about it.
            tf.get_logger().setLevel("ERROR")
            with without_start_up_messages():
                _set_up_devices()
                tf.config.list_logical_devices()  # Looks for devices now rather than in the first step.
            _threads["intra_op"] = tf.config.threading.get_intra_op_parallelism_threads()
            _threads["inter_op"] = tf.config.threading.get_inter_op_parallelism_threads()
            _status = "ready"
        except BaseException:
            _status = "failed"
            raise


def _set_up_devices() -> None:
    """Has GPUs take memory as it is needed, and splits the processor where TRAINDECK_LOGICAL_CPUS asks for it."""
    import tensorflow as tf

    logical = read_setting("TRAINDECK_LOGICAL_CPUS", 1)
    try:
        for gpu in tf.config.list_physical_devices("GPU"):
            # Otherwise the first process takes all memory of all GPUs, whichever it trains on.
            tf.config.experimental.set_memory_growth(gpu, True)
        if logical > 1:
            parts = [tf.config.LogicalDeviceConfiguration() for _ in range(logical)]
            tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    except RuntimeError:
        pass  # TensorFlow was used before, with the devices as they were then.


@contextlib.contextmanager
def deterministic() -> Iterator[None]:
    """Makes TensorFlow's operations deterministic inside the block, and does not affect other code.

    TensorFlow has one switch per process. It stays on as long as any thread is in such a block; meanwhile
    random operations without a seed raise an error in every thread.

    Raises:
        ConfigError: the block draws random numbers without a seed.
    """
    from tensorflow.python.framework import config  # The switch can be turned off only here.

    global _exact_blocks
    with _exact_lock:
        _exact_blocks += 1
        config.enable_op_determinism()
    try:
        yield
    except RuntimeError as error:
        if "Random ops require a seed" not in str(error):
            raise
        raise ConfigError(
            "A run must not draw random numbers without a seed, because it could not be repeated. Received: a random "
            "TensorFlow operation without one. Use layers with a seed, or keras.random with a SeedGenerator.",
            "model",
        ) from error
    finally:
        with _exact_lock:
            _exact_blocks -= 1
            if not _exact_blocks:
                config.disable_op_determinism()


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Collects no garbage inside the block: imports create a million objects and hardly any garbage.

    It makes the import of TensorFlow a third faster.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def without_start_up_messages() -> Iterator[None]:
    """Hides TensorFlow's start-up messages, such as those about missing GPUs; all other output is shown.

    TensorFlow writes them before it reads a log level, so stderr itself is redirected.
    """
    global _stderr
    held = _stderr = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(held, 2)
            _stderr = 2
            os.close(held)
            caught.seek(0)
            with contextlib.suppress(OSError):  # the terminal may be closed
                for line in caught:
                    if not _NOISE.match(line):
                        os.write(2, line)


def stderr_handle() -> int:
    """Returns the file handle of the real stderr, also while it is redirected."""
    return _stderr


def fingerprint(device: str, jit_compile: bool) -> dict:
    """Returns what the bits of a run depend on besides its config.

    Equal fingerprints mean equal bits; different ones may still give equal bits.

    Args:
        device: the name of the one that trains, or of all that do.
        jit_compile: whether XLA compiles the whole step.
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
    """Returns the processor's model name, or "unknown"."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
