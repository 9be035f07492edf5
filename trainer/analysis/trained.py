"""A run's model as one of its checkpoints holds it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import numpy as np

from trainer.config.arithmetic import arithmetic_of
from trainer.errors import CheckpointError, ExportError
from trainer.runs.checkpoint import Checkpoint, newest_state, read_state
from trainer.training.build import build_learner
from trainer.training.learner_state import restore


@contextlib.contextmanager
def trained(run, source: str | int) -> Iterator:
    """Yields a learner with the state of one of the run's checkpoints, and frees it after the block.

    Raises:
        ExportError: there is no checkpoint yet.
    """
    learner = restored(run, *choose_state(run, source))
    try:
        yield learner
    finally:
        learner.release()


def restored(run, checkpoint: Checkpoint, arrays: Mapping[str, np.ndarray]):
    """Returns a learner with the weights of a checkpoint; their moving averages if the optimizer keeps them."""
    arithmetic = arithmetic_of(checkpoint.manifest | run.fingerprint, checkpoint.step)
    learner = build_learner(run.config, run.spec, arithmetic=arithmetic)
    restore(learner, arrays)
    learner.use_average()
    return learner


def choose_state(run, source: str | int) -> tuple[Checkpoint, Mapping[str, np.ndarray]]:
    """Returns a checkpoint of a run, and its verified arrays.

    Args:
        run: a `Run`.
        source: "best", "latest" or a step; see `Run.find_checkpoint`.

    Raises:
        ExportError: there is no checkpoint yet, or the chosen one is damaged.
        ConfigError: there is no such checkpoint.
    """
    folder = run.path / "checkpoints"
    checkpoint = run.find_checkpoint(source)
    if checkpoint is None:
        raise ExportError("There is no checkpoint yet. Pause the run, or wait for its first checkpoint.")
    if source == "latest":
        checkpoint, arrays, _ = newest_state(folder)
        if checkpoint is None:
            raise ExportError("Every checkpoint of this run is damaged. Start a new run.")
        return checkpoint, arrays
    try:
        return checkpoint, read_state(checkpoint)
    except CheckpointError as error:
        if not checkpoint.path.exists():
            return choose_state(run, source)  # Deleted in the meantime, so there is a newer one.
        raise ExportError(f"{error} Choose another checkpoint with --from.") from None
