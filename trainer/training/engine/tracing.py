"""How functions become graphs: one at a time, and without a stack for each operation that XLA compiles."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator

from tensorflow.python.client import pywrap_tf_session  # Only here can the recording of stacks be turned off.

_tracing = threading.RLock()


def traced_alone(function: Callable, *, is_compiled: bool = False) -> Callable:
    """Returns a function for `tf.function` that no other thread traces at the same time.

    When 17 threads traced at once, one of them failed inside TensorFlow. Compiling by XLA is not held up.

    Args:
        function: the function.
        is_compiled: whether XLA compiles it.
    """

    @functools.wraps(function)
    def trace(*arguments):
        # TensorFlow calls a function only to trace it.
        with _tracing, without_stacks() if is_compiled else contextlib.nullcontext():
            return function(*arguments)

    return trace


@contextlib.contextmanager
def without_stacks() -> Iterator[None]:
    """Does not record which lines of Python made an operation. Call it while no other thread traces.

    XLA keeps these stacks with each program until the process ends: half of the program's memory, 4.5 MB for the MLP.
    What XLA compiled names no operation in its errors anyway.
    """
    record = pywrap_tf_session.TF_SetOpStackTrace
    pywrap_tf_session.TF_SetOpStackTrace = lambda operation, stack: None
    try:
        yield
    finally:
        pywrap_tf_session.TF_SetOpStackTrace = record
