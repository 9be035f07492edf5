"""A look at a data set: what it is, examples, targets and the split that training will use."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.data.augmented import augmented_batch
from pages.ui.data.charts import lines_figure
from pages.ui.data.loading import Choice
from pages.ui.data.pictures import picture_rows
from pages.ui.data.rows import column_table, row_table, scatter
from pages.ui.data.targets import parts, targets_and_split
from trainer import Dataset


def look(dataset: Dataset, choice: Choice, target: str) -> None:
    """Draws everything about a loaded data set.

    Args:
        dataset: split as training will split it.
        choice: what was loaded.
        target: what is predicted, in a word.
    """
    spec = dataset.spec
    figures(dataset)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        st.markdown("##### Split and balance" if spec.num_classes else "##### Split and target")
        targets_and_split(dataset, target)
        st.caption(
            f"Validation split {choice.validation_split:g} and seed {choice.seed}, as set on the Train page under "
            "Advanced. " + _how_split(dataset)
        )
    with left:
        st.markdown("##### Examples")
        if spec.is_image:
            picture_rows(dataset)
        elif len(spec.input_shape) == 1:
            row_table(dataset, target)
        elif len(spec.input_shape) == 2:
            _sequences(dataset)
        else:
            st.caption(f"Examples of the shape {spec.input_shape} cannot be drawn here; training takes them.")
    if spec.is_image and spec.rescale is not None:
        st.fragment(augmented_batch)(dataset, choice)
    elif len(spec.input_shape) == 1:
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.markdown("##### Columns")
            column_table(dataset, target)
        with right:
            st.markdown("##### Points")
            st.fragment(scatter)(dataset, target)


def figures(dataset: Dataset) -> None:
    """Draws the sizes in a row."""
    spec, splits = dataset.spec, parts(dataset)
    shape = "×".join(map(str, spec.input_shape))
    one = {1: "features", 2: "steps × values", 3: "pixels × channels"}.get(len(spec.input_shape), "shape")
    goal = {
        "classification": ("Classes", f"{spec.num_classes}"),
        "multilabel": ("Labels", f"{spec.num_classes}"),
        "regression": ("To predict", "a number"),
    }.get(spec.task, ("Task", spec.task))
    with st.container(horizontal=True, gap="large", key="data_figures"):
        st.metric("Examples", f"{spec.examples + spec.test_examples:,}", width="content")
        st.metric(f"Each one: {one}", shape, width="content")
        st.metric(*goal, width="content")
        for name, split in splits.items():
            st.metric(name.capitalize(), f"{len(split):,}", width="content")


def _how_split(dataset: Dataset) -> str:
    if dataset.validation is None:
        return "Nothing is kept aside for validation."
    sentence = "Which examples are kept aside follows from the seed"
    sentence += ", each class in its share." if dataset.spec.task == "classification" else "."
    return sentence + (" The test split is the data set's own." if dataset.test is not None else "")


def _sequences(dataset: Dataset) -> None:
    spec, train = dataset.spec, dataset.train
    chosen = np.arange(min(6, len(train)))
    names = [f"example {index + 1}" for index in chosen]
    if spec.task == "classification":
        chosen = np.array([np.flatnonzero(train.y == code)[0] for code in range(spec.num_classes) if code in train.y])
        chosen = chosen[:6]
        names = [spec.class_labels[train.y[index]] for index in chosen]
    x = np.asarray(train.x[chosen])
    series = dict(zip(names, x[..., 0], strict=True))
    st.plotly_chart(
        lines_figure(series, "value"),
        key="data_sequences_plot",
        config={"displayModeBar": False},
        alt=f"Values of {len(series)} training examples over {x.shape[1]} steps of the sequence.",
    )
    which = "One training example of each class" if spec.task == "classification" else "The first training examples"
    st.caption(which + ("." if spec.input_shape[1] == 1 else f"; the first of {spec.input_shape[1]} values a step."))
