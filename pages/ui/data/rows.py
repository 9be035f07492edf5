"""A table's rows as training sees them, its columns in numbers, and two of them in the plane."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui.data.charts import scatter_figure
from pages.ui.numbers import format_number
from trainer import Dataset
from trainer.config.data_spec import MOST_VALUES

_ROWS_SHOWN = 200
#: Summaries are of so many training rows, points of so many: enough to see, and quick.
_ROWS_COUNTED = 50_000
_POINTS = 2000
_CLASSES_COLORED = 12
#: What a category's value is called that the model does not tell from others.
OTHER = "(other)"


def training_frame(dataset: Dataset, target: str, most: int = _ROWS_SHOWN) -> pd.DataFrame:
    """Returns training rows for people: the target first, categories by name, what is missing as None.

    Args:
        dataset: of examples (features,).
        target: what the target's column is called.
        most: how many rows, the first ones.
    """
    spec = dataset.spec
    x, y = np.asarray(dataset.train.x[:most]), np.asarray(dataset.train.y[:most])
    names = spec.input_names
    frame: dict[str, object] = {}
    if spec.task == "multilabel":
        labels = spec.class_labels
        frame |= {f"{label} (label)": y[:, index].astype(int) for index, label in enumerate(labels)}
    elif spec.num_classes:
        classes = np.array(spec.class_labels, dtype=object)
        frame[target] = classes[y]
    else:
        frame[target] = y.reshape(-1)
    for index, name in enumerate(names):
        # A feature may be called like the target; neither may hide the other.
        name = name if name not in frame else f"{name} (input)"
        column = spec.columns[index] if spec.columns else None
        if column is not None and column.kind == "category":
            values = np.array([OTHER, *(value or None for value in column.vocabulary)], dtype=object)
            frame[name] = values[np.nan_to_num(x[:, index]).astype(int)]
        else:
            frame[name] = x[:, index]
    return pd.DataFrame(frame)


def row_table(dataset: Dataset, target: str) -> None:
    """Draws the first training rows."""
    frame = training_frame(dataset, target)
    st.dataframe(frame, hide_index=True, height=330)
    st.caption(f"The first {len(frame):,} of {len(dataset.train):,} training rows; the target comes first.")


def column_table(dataset: Dataset, target: str) -> None:
    """Draws one row per column: kind, missing values, range and distribution."""
    frame = training_frame(dataset, target, _ROWS_COUNTED)
    summary = summarize(frame)
    st.dataframe(
        summary,
        hide_index=True,
        height="content" if len(summary) <= 12 else 460,
        column_config={
            "column": st.column_config.TextColumn(width=110),
            "kind": st.column_config.TextColumn(width=70),
            "distribution": st.column_config.BarChartColumn(width=80, color="#0072B2", y_min=0),
            "values": st.column_config.TextColumn(width=170),
            "missing": st.column_config.NumberColumn(width=60),
            "distinct": st.column_config.NumberColumn(width=60),
        },
    )
    st.caption(_what_is_counted(dataset, len(frame)))


def _what_is_counted(dataset: Dataset, counted: int) -> str:
    """Returns which rows the columns are counted over, as the report counts others."""
    first = "first " if counted < len(dataset.train) else ""
    sentence = f"Counted over the {first}{counted:,} training rows, as the model gets them."
    if any(column.kind == "category" and len(column.vocabulary) == MOST_VALUES for column in dataset.spec.columns):
        sentence += f" {OTHER}: values beyond the {MOST_VALUES} most frequent."
    return sentence + (" The report counts all rows of the file." if dataset.spec.sha256 else "")


def summarize(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per column of a table for people."""
    rows = []
    for name, column in frame.items():
        known, missing = column.dropna(), int(column.isna().sum())
        if pd.api.types.is_numeric_dtype(column):
            kind, spread = "number", np.histogram(known, bins=16)[0].tolist()
            low, high, mean = (format_number(known.agg(name)) for name in ("min", "max", "mean"))
            values = f"{low} … {high}, mean {mean}" if len(known) else ""
        else:
            kind, counts = "category", known.value_counts()
            spread = counts[:16].tolist()
            values = ", ".join(f"{str(value)[:24]} ({count:,})" for value, count in counts[:3].items())
        rows.append(
            {"column": str(name), "kind": kind, "distribution": spread, "values": values}
            | {"missing": missing, "distinct": int(known.nunique())}
        )
    return pd.DataFrame(rows)


def scatter(dataset: Dataset, target: str) -> None:
    """Draws two numeric features of training points, coloured by class, or one against the number to predict."""
    spec = dataset.spec
    frame = training_frame(dataset, target, _POINTS)
    inputs = list(frame.columns)[spec.num_classes if spec.task == "multilabel" else 1 :]
    across = [name for name in inputs if pd.api.types.is_numeric_dtype(frame[name])]
    up = [target, *across] if spec.task == "regression" else across[1:] + across[:1]
    if not across or len({*across, *up}) < 2:
        st.caption("Two columns of numbers are needed to draw points.")
        return
    axes = [across[0], up[0]]
    if len(across) > 2 or (spec.task == "regression" and len(across) > 1):
        left, right = st.columns(2)
        axes = [_axis(left, "Across", "across", across), _axis(right, "Up", "up", up)]
    points = np.column_stack([frame[axis].to_numpy(float) for axis in axes])
    y, classes, values = np.asarray(dataset.train.y[: len(frame)]), None, None
    if spec.task == "classification":
        names = spec.class_labels
        classes = {name: y == code for code, name in enumerate(names) if (y == code).any()}
        if len(classes) > _CLASSES_COLORED:
            classes = None
    elif spec.task == "regression" and target not in axes:
        values = y.reshape(-1)
    figure = scatter_figure(points, (axes[0], axes[1]), classes, values)
    alt = f"{len(frame):,} training points: {axes[0]} across, {axes[1]} up."
    st.plotly_chart(figure, key="data_points_plot", config={"displayModeBar": False}, alt=alt)
    if len(frame) < len(dataset.train):
        st.caption(f"The first {len(frame):,} training rows.")


def _axis(place, label: str, noun: str, names: list[str]) -> str:
    key = f"data_{noun}_select"
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    chosen = place.selectbox(label, names, key=key)
    return chosen if chosen in names else names[0]
