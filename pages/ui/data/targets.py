"""What is to be predicted, and how training splits the examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui.data.charts import bars_figure, histogram_figure
from pages.ui.numbers import format_number
from trainer import Dataset

#: More classes are listed in the table, and the largest of them drawn.
_CLASSES_DRAWN = 20


def targets_and_split(dataset: Dataset, target: str) -> None:
    """Draws how many examples of each class, or of which target, each split has.

    Args:
        dataset: split as training will split it.
        target: what is predicted, for the axis.
    """
    spec, splits = dataset.spec, parts(dataset)
    if spec.num_classes is None:
        values = {name: np.asarray(split.y).reshape(-1) for name, split in splits.items()}
        known = np.concatenate(list(values.values()))
        st.plotly_chart(
            histogram_figure(values, target),
            key="data_target_plot",
            config={"displayModeBar": False},
            alt=f"Histogram of {target}: {len(known):,} values from {format_number(known.min())} "
            f"to {format_number(known.max())}, median {format_number(np.median(known))}.",
        )
        return
    frame = class_counts(dataset)
    shown = frame.nlargest(_CLASSES_DRAWN, "examples", keep="first") if len(frame) > _CLASSES_DRAWN else frame
    counts = {name: shown[name].tolist() for name in splits}
    noun = "label" if spec.task == "multilabel" else "class"
    st.plotly_chart(
        bars_figure(counts, shown[noun].tolist(), noun),
        key="data_target_plot",
        config={"displayModeBar": False},
        alt=f"Examples of each {noun}: from {shown['examples'].min():,} to {shown['examples'].max():,}.",
    )
    if len(shown) < len(frame):
        st.caption(f"The {len(shown)} largest of {len(frame)} classes; all are in the table.")
    with st.expander(f"Numbers of each {noun}", icon=":material/table:", key="data_target_table"):
        st.dataframe(frame, hide_index=True, height="content" if len(frame) <= 10 else 380)


def parts(dataset: Dataset) -> dict[str, object]:
    """Returns the splits that there are, by name."""
    named = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {name: split for name, split in named.items() if split is not None}


def class_counts(dataset: Dataset) -> pd.DataFrame:
    """Returns one row per class: its name, the examples in all, their share, and how many each split has."""
    spec = dataset.spec
    names = spec.class_labels
    columns = {
        name: np.asarray(split.y).sum(axis=0).astype(int)
        if spec.task == "multilabel"
        else np.bincount(split.y, minlength=spec.num_classes)
        for name, split in parts(dataset).items()
    }
    total, examples = sum(columns.values()), sum(len(split) for split in parts(dataset).values())
    noun = "label" if spec.task == "multilabel" else "class"
    share = [f"{100 * count / examples:.1f} %" for count in total]
    return pd.DataFrame({noun: list(names), "examples": total, "share": share} | columns)
