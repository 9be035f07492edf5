"""The table of a sweep's runs: pure functions from trials to a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from trainer.runs.state import RunState
from trainer.sweeps.trials import Trial

_LONGEST_REASON = 120


def trials_frame(
    trials: Sequence[Trial], states: Mapping[str, RunState], labels: Mapping[str, str], metric: str
) -> pd.DataFrame:
    """Returns one row per run, the newest first.

    Args:
        trials: of the sweep.
        states: of the runs that exist, by id.
        labels: path → the option's name for people.
        metric: that is optimized.
    """
    rows = []
    for trial in reversed(trials):
        state = states.get(trial.run_id)
        status = trial.outcome if trial.outcome != "open" else (state.status if state else "queued")
        row = {
            # The name follows the #, where the table looks for the text of the link.
            "Run": f"/?run={trial.run_id}#{state.name}" if state else None,
            "Status": status,
            metric: trial.value if trial.value is not None else _newest(trial),
            "Epochs": max(trial.epochs, default=0),
        }
        row |= {label: trial.values[path] for path, label in labels.items()}
        reason = trial.reason or (f"after epoch {trial.pruned_at}" if trial.outcome == "pruned" else "")
        rows.append(row | {"Why": reason[:_LONGEST_REASON]})
    frame = pd.DataFrame(rows)
    for label in labels.values():
        # A column of choices may hold numbers beside none.
        if frame[label].map(type).nunique() > 1 or frame[label].map(type).eq(bool).any():
            frame[label] = frame[label].map(lambda value: "none" if value is None else str(value))
    return frame if frame["Why"].any() else frame.drop(columns="Why")


def column_settings(metric: str, frame: pd.DataFrame) -> dict:
    """Returns how the table shows its columns."""
    config = st.column_config
    settings = {
        "Run": config.LinkColumn("Run", display_text=r"#(.+)$", help="Opens the run.", width="medium"),
        metric: config.NumberColumn(metric, format="%.4g", help="The best epoch's value; of a live run the newest."),
    }
    floats = [name for name in frame if name not in settings and frame[name].dtype.kind == "f"]
    return settings | {name: config.NumberColumn(name, format="%.4g") for name in floats}


def _newest(trial: Trial) -> float | None:
    return trial.epochs[max(trial.epochs)] if trial.epochs else None
