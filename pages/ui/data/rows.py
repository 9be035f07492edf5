"""A table's rows as training sees them, its columns in numbers, and two of them in the plane."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui.data.charts import scatter_figure
from trainer import Dataset

_ROWS_SHOWN = 200
#: Summaries are of so many training rows, points of so many: enough to see, and quick.
_ROWS_COUNTED = 50_000
_POINTS = 2000


def training_frame(dataset: Dataset, target: str, most: int = _ROWS_SHOWN) -> pd.DataFrame:
    """Returns training rows for people: the target first, categories by name, what is missing as None.

    Args:
        dataset: of examples (features,).
        target: what the target's column is called.
        most: how many rows, the first ones.
    """
    spec = dataset.spec
    x, y = np.asarray(dataset.train.x[:most]), np.asarray(dataset.train.y[:most])
    names = [column.name for column in spec.columns] or list(spec.feature_names)
    names = names or [f"x{number}" for number in range(1, x.shape[1] + 1)]
    frame: dict[str, object] = {}
    if spec.task == "multilabel":
        labels = spec.class_names or tuple(map(str, range(y.shape[1])))
        frame |= {f"{label} (label)": y[:, index].astype(int) for index, label in enumerate(labels)}
    elif spec.num_classes:
        classes = np.array(spec.class_names or list(map(str, range(spec.num_classes))), dtype=object)
        frame[target] = classes[y]
    else:
        frame[target] = y.reshape(-1)
    for index, name in enumerate(names):
        # A feature may be called like the target; neither may hide the other.
        name = name if name not in frame else f"{name} (input)"
        column = spec.columns[index] if spec.columns else None
        if column is not None and column.kind == "category":
            values = np.array([None, *(value or None for value in column.vocabulary)], dtype=object)
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
    """Draws one row a column: kind, what is missing, range and distribution."""
    frame = training_frame(dataset, target, _ROWS_COUNTED)
    summary = summarize(frame)
    st.dataframe(
        summary,
        hide_index=True,
        height="content" if len(summary) <= 12 else 460,
        column_config={
            "distribution": st.column_config.BarChartColumn(width="small", color="#0072B2"),
            **{name: st.column_config.NumberColumn(format="%.4g") for name in ("min", "mean", "max")},
        },
    )
    if len(frame) < len(dataset.train):
        st.caption(f"Counted over the first {len(frame):,} training rows.")


def summarize(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns one row a column of a table for people."""
    rows = []
    for name, column in frame.items():
        known = column.dropna()
        row = {"column": str(name), "kind": "category", "distribution": [], "missing": int(column.isna().sum())}
        row |= {"distinct": int(known.nunique()), "min": np.nan, "mean": np.nan, "max": np.nan, "most often": ""}
        counts = known.value_counts()
        if pd.api.types.is_numeric_dtype(column) and len(known):
            row |= {"kind": "number", "min": float(known.min()), "mean": float(known.mean())}
            row |= {"max": float(known.max()), "distribution": np.histogram(known, bins=16)[0].tolist()}
        else:
            row["most often"] = ", ".join(f"{str(value)[:24]} ({count:,})" for value, count in counts[:3].items())
            row["distribution"] = counts[:16].tolist()
        rows.append(row)
    table = pd.DataFrame(rows)
    # No column without a value in it.
    return table.drop(columns=[name for name in ("min", "mean", "max") if table[name].isna().all()])


def scatter(dataset: Dataset, target: str) -> None:
    """Draws two numeric features of training points, coloured by what is to be predicted."""
    spec = dataset.spec
    frame = training_frame(dataset, target, _POINTS)
    chosen = slice(0, len(frame))
    labels = list(frame.columns)[spec.num_classes if spec.task == "multilabel" else 1 :]
    numeric = [name for name in labels if pd.api.types.is_numeric_dtype(frame[name])]
    if spec.num_classes is None and len(numeric) == 1:
        points, axes = frame[[numeric[0], target]].to_numpy(float), (numeric[0], target)
        st.plotly_chart(scatter_figure(points, axes, None), key="data_points_plot", config={"displayModeBar": False})
        return
    if len(numeric) < 2:
        st.caption("Two columns of numbers are needed to draw points.")
        return
    axes = numeric[:2]
    if len(numeric) > 2:
        for index, (column, name) in enumerate(zip(st.columns(2), ("Across", "Up"), strict=True)):
            key = f"data_axis{index}_select"
            if st.session_state.get(key) not in numeric:
                st.session_state[key] = numeric[index]
            axes[index] = column.selectbox(name, numeric, key=key)
    points = np.column_stack([frame[axis].to_numpy(float) for axis in axes])
    y = np.asarray(dataset.train.y[chosen])
    classes = values = None
    if spec.task == "classification":
        names = spec.class_names or tuple(map(str, range(spec.num_classes)))
        classes = {name: y == code for code, name in enumerate(names) if (y == code).any()}
        if len(classes) > 12:
            classes, values = None, y
    elif spec.task == "regression":
        values = y.reshape(-1)
    figure = scatter_figure(points, tuple(axes), classes, values)
    st.plotly_chart(figure, key="data_points_plot", config={"displayModeBar": False})
    if len(frame) < len(dataset.train):
        st.caption(f"The first {len(frame):,} training rows.")
