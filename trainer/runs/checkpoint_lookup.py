"""Which of a run's checkpoints is meant: the best, the latest, that of a step, or the last healthy one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainer.errors import ConfigError
from trainer.runs.checkpoint import Checkpoint


def find_checkpoint(saved: Sequence[Checkpoint], source: str | int, best_step: int | None) -> Checkpoint | None:
    """Returns one of the checkpoints; None if there are none yet.

    Args:
        saved: newest first.
        source: "best": of the best epoch that was saved, or the newest before the first epoch; "latest"; or a step.
        best_step: the step at the end of the best epoch, or None before the first.

    Raises:
        ConfigError: there is no checkpoint of this step.
    """
    if not saved or source == "latest":
        return saved[0] if saved else None
    by_step = {str(checkpoint.step): checkpoint for checkpoint in saved}
    if source == "best":
        # The best epoch is written with the next checkpoint; until then the oldest is the best of an earlier epoch.
        is_earlier = best_step and len(saved) > 1 and saved[-1].step < best_step
        return by_step.get(str(best_step)) or saved[-1 if is_earlier else 0]
    if str(source) not in by_step:
        raise ConfigError(
            f"from must be latest, best or the step of a checkpoint ({', '.join(by_step)}). Received: {source!r}. "
            "Choose one of these.",
            "from",
        )
    return by_step[str(source)]


def find_healthy(saved: Sequence[Checkpoint], best_step: int | None, losses: np.ndarray) -> Checkpoint | None:
    """Returns the checkpoint to continue from after a divergence: the best epoch's, else the newest.

    The losses before it are at most ten times the first batch's loss. None if there is no such checkpoint.

    Args:
        saved: newest first.
        best_step: the step at the end of the best epoch, or None.
        losses: one per step.
    """
    for checkpoint in sorted(saved, key=lambda found: found.step != best_step):
        window = losses[max(0, checkpoint.step - 20) : checkpoint.step]
        if len(window) and float(abs(window).max()) <= 10 * max(abs(float(losses[0])), 1e-6):
            return checkpoint
    return None
