"""Which metric a list shows of each run: one by name, or each run's own main metric."""

from __future__ import annotations

import math
from collections.abc import Iterable

from trainer import METRICS
from trainer.runs.state import RunState

MAIN = "Main metric"
#: Columns of an epoch that measure no quality.
_OTHERS = ("epoch", "step", "time")


def metric_names(states: Iterable[RunState]) -> list[str]:
    """Returns the metrics that runs have measured, those on the validation split first."""
    names = {name for state in states for row in (state.metrics or {}).values() for name in row}
    prefixes = ("val_", "test_", "")
    rank = {prefix: place for place, prefix in enumerate(prefixes)}
    names -= {name for name in names if name in _OTHERS}
    return sorted(names, key=lambda name: (rank[next(p for p in prefixes if name.startswith(p))], name))


def main_metric(state: RunState) -> str | None:
    """Returns the metric that says most about a run: its first one on the validation split, else a loss."""
    measured = (state.metrics or {}).get("best") or {}
    wanted = [f"val_{name}" for name in METRICS] + [*METRICS, "val_loss", "loss"]
    return next((name for name in wanted if name in measured), None)


def read_metric(state: RunState, which: str, name: str | None) -> float | None:
    """Returns a value of a run, or None if it was not measured or is not finite.

    Args:
        state: of the run.
        which: "best" or "last".
        name: of the metric.
    """
    value = ((state.metrics or {}).get(which) or {}).get(name) if name else None
    return float(value) if value is not None and math.isfinite(value) else None
