"""Whether training longer equals a run that was that long from the start."""

from __future__ import annotations

from trainer.config.registry import SCHEDULES
from trainer.config.run_config import RunConfig


def depends_on_total(config: RunConfig) -> str | None:
    """Returns why more epochs do not give the bits of a run that was longer from the start; None if they do.

    Args:
        config: the recipe in force, `Run.current_config`.
    """
    schedule = SCHEDULES.get(config.schedule) if config.schedule else None
    if schedule is not None and schedule.traits.uses_total:
        return (
            f"The schedule {schedule.label} depends on the total number of epochs: from here on it follows the longer "
            "run. The result differs from a run with this number of epochs from the start."
        )
    stop = config.early_stopping
    if stop is not None and stop.restore_best:
        return (
            "Early stopping restored the best weights at the end of the run, and training continues from them. The "
            "result can differ from a run with this number of epochs from the start."
        )
    return None
