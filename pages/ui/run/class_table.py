"""Precision, recall and F1 per class, once a run is complete."""

import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from trainer import METRICS, Run


def class_table(run: Run) -> None:
    """Draws one row per class; nothing if no metric per class was chosen."""
    # Runs of earlier versions measured the newest weights alone.
    for measured in (run.metrics["best"], run.metrics["last"]):
        frame, split = measured_classes(run, measured)
        if not len(frame):
            continue
        st.caption(f"Metrics per class on the {split} split, with the weights of step {int(measured['step']):,}")
        numbers = {name: st.column_config.NumberColumn(format="%.4g") for name in frame.columns[1:]}
        st.dataframe(frame, hide_index=True, column_config=numbers, key=widget_key("classes", "table"))
        return


def measured_classes(run: Run, measured: dict[str, float]) -> tuple[pd.DataFrame, str]:
    """Returns one row per class with one column per metric, and the split that was measured."""
    spec = run.spec
    if spec is None:
        return pd.DataFrame(), ""
    for prefix, split in (("test", "test"), ("val", "validation")):
        rows = []
        for label in spec.class_labels:
            values = {
                METRICS[name].label: measured.get(f"{prefix}_{name.removesuffix('_macro')}_{label}")
                for name in run.config.metrics
            }
            values = {name: value for name, value in values.items() if value is not None}
            if values:
                rows.append({"Class": label} | values)
        if rows:
            return pd.DataFrame(rows), split
    return pd.DataFrame(), ""
