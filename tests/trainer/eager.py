"""Training without compiling."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.trainer.watching import finish
from trainer import Run


@contextlib.contextmanager
def eagerly() -> Iterator[None]:
    """Runs compiled functions step by step inside the block, in every thread.

    Compiling a model takes seconds, a step without it some ten milliseconds. For tests that need a trained run but
    not how it was trained.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def complete(*runs: Run) -> None:
    """Trains runs of a few dozen steps to their ends, one after the other, without compiling."""
    with eagerly():
        for run in runs:
            run.start()
            assert finish(run).status == "completed", f"{run.name}: {run.reason}"
