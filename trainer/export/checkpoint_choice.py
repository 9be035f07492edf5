"""Choosing the checkpoint that a download is made from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trainer.errors import CheckpointError, ExportError
from trainer.runs.checkpoint import Checkpoint, newest_state, read_state


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
