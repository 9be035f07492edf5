"""The progress of a run, as the page shows it."""

import math
from typing import Any

RECENT = 50  # rows averaged until the first epoch ends


def progress(run: Any) -> dict[str, Any]:
    """Returns the progress of a run.

    Args:
        run: the run.

    Returns:
        A JSON message. `values` are those of the last finished epoch, or means over the newest batches before
        that; unknown values are null.
    """
    return {
        "type": "progress",
        "status": run.status,
        "phase": run.phase,
        "pending": run.pending,
        "step": run.step,
        "total_steps": run.total_steps,
        "epoch": run.epoch,
        "epochs": run.epochs,
        "steps_per_second": run.steps_per_second,
        "seconds": run.seconds,
        "seconds_left": run.seconds_left,
        "values": {name: _finite(value) for name, value in (run.last_metrics or recent_means(run)).items()},
    }


def recent_means(run: Any) -> dict[str, float]:
    """Returns the mean of each column over the newest rows.

    Args:
        run: the run.
    """
    history = run.history
    rows = history.rows(max(0, len(history) - RECENT), len(history))
    return {name: float(column.mean()) for name, column in rows.items() if len(column)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
