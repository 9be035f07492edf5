"""The metrics of several runs beside each other, with the best of each marked."""

from __future__ import annotations

import pandas as pd

from pages.ui.numbers import UNKNOWN, format_number
from pages.ui.runs.metric_choice import metric_names, read_metric
from trainer.runs.state import RunState
from trainer.training.plateau import best_index


def results_frame(states: dict[str, RunState], which: str) -> pd.DataFrame:
    """Returns numbers: one row per run, one column per metric that any of them has measured.

    Args:
        states: label → state of the run.
        which: "best": of each run's best epoch, or "last": of its newest.
    """
    names = metric_names(states.values())
    values = {name: [read_metric(state, which, name) for state in states.values()] for name in names}
    frame = pd.DataFrame(values, index=pd.Index(list(states), name="Run"), dtype=float)
    return frame.dropna(axis=1, how="all")


def mark_best(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the numbers as text; the best of each column says so, by a word and not by colour alone."""
    marked = {}
    for name in frame:
        # Whether higher is better does not depend on the split.
        best = best_index(frame[name], str(name).removeprefix("test_"))
        numbers = [format_number(value) if pd.notna(value) else UNKNOWN for value in frame[name]]
        best_value = frame[name].iloc[best] if best is not None else None
        is_told_apart = frame[name].nunique() > 1
        marked[name] = [
            f"{text}  best" if is_told_apart and value == best_value else text
            for text, value in zip(numbers, frame[name], strict=True)
        ]
    return pd.DataFrame(marked, index=frame.index)
