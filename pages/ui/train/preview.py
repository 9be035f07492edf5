"""The first screen: what the chosen data looks like, and the model that the form describes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.data.charts import lines_figure, scatter_figure
from pages.ui.data.pictures import scaled, strip
from pages.ui.data.rows import training_frame
from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from pages.ui.train.diagram import model_diagram
from trainer import DATASETS, Dataset, RunConfig
from trainer.analysis import jobs
from trainer.analysis.architecture import ask_layers
from trainer.data.loading import load_dataset
from trainer.training.engine.start_up import is_warm

_SECONDS_BETWEEN_LOOKS, _SECONDS_TO_WAIT = 0.4, 0.3
#: Reserved, so that nothing moves when the picture comes.
_DATA_HEIGHT = 320
_IMAGES_OF_A_CLASS, _CLASSES_SHOWN, _IMAGES_IN_A_ROW, _POINTS, _ROWS, _SEQUENCES = 3, 10, 12, 600, 7, 6


def preview(config: RunConfig | None) -> None:
    """Draws the data set and the model of a recipe; both are prepared in the background.

    Args:
        config: the form's; None while the form has a problem.
    """
    if config is None:
        st.caption("The data and the model are shown here as soon as the settings on the left fit together.")
        return
    data, model = _data_job(config), _model_job(config)
    if is_warm():
        # Most are done within this time, and then nothing is drawn twice.
        for job in filter(None, (data, model)):
            job.wait(_SECONDS_TO_WAIT)
    is_waiting = any(job is not None and not job.is_done for job in (data, model)) or model is None
    st.fragment(_draw, run_every=_SECONDS_BETWEEN_LOOKS if is_waiting else None)(config, is_waiting)


def _draw(config: RunConfig, was_waiting: bool) -> None:
    data, model = _data_job(config), _model_job(config)
    st.markdown("##### The data")
    with st.container(height=_DATA_HEIGHT, border=True, key=widget_key("preview", "data")):
        if data is None:
            _explain_download(config)
        elif data.error:
            st.caption(escape_markdown(data.error))
        elif not data.is_done:
            st.caption("Reading the data …")
        else:
            draw_examples(data.result)
    st.markdown("##### The model")
    with st.container(border=True, key=widget_key("preview", "model")):
        if model is not None and model.error:
            st.caption(escape_markdown(model.error))
        elif model is None or not model.is_done:
            st.caption("The layers appear here when the engine is warm." if model is None else "Building the model …")
        else:
            model_diagram(model.result)
    if was_waiting and data_is_settled(data) and model is not None and model.is_done:
        # Ends the polling: the fragment is drawn again without it.
        st.rerun(scope="app")


def data_is_settled(job: jobs.Job | None) -> bool:
    """Returns whether nothing more will come of a job."""
    return job is None or job.is_done


def _data_job(config: RunConfig) -> jobs.Job | None:
    """Returns the job that loads the data set; None if it would have to be downloaded first."""
    if any(not file.path.is_file() for file in DATASETS[config.dataset].traits.files):
        return None
    key = ("preview", config.dataset, repr(config.dataset_options), config.validation_split, config.seed)

    def load(_job: jobs.Job) -> Dataset:
        split, seed = config.validation_split, config.seed
        return few(load_dataset(config.dataset, config.dataset_options, validation_split=split, seed=seed))

    return jobs.ask(key, load)


def _model_job(config: RunConfig) -> jobs.Job | None:
    """Returns the job that builds the model; None until the engine is warm."""
    return ask_layers(config) if is_warm() else None


def few(dataset: Dataset) -> Dataset:
    """Returns the data set with the training examples that are drawn, so that the rest is not kept in memory."""
    train, spec = dataset.train, dataset.spec
    if spec.task == "classification" and (spec.is_image or len(spec.input_shape) == 2):
        y = np.asarray(train.y)
        rows = [np.flatnonzero(y == code)[:_IMAGES_OF_A_CLASS] for code in range(min(spec.num_classes, _CLASSES_SHOWN))]
        chosen = np.concatenate(rows)
    else:
        chosen = np.arange(min(len(train), _POINTS))
    kept = type(train)(np.asarray(train.x[chosen]), np.asarray(train.y[chosen]))
    return Dataset(spec, kept)


def draw_examples(dataset: Dataset) -> None:
    """Draws some training examples in the way that suits them."""
    spec = dataset.spec
    if spec.is_image:
        _images(dataset)
    elif spec.input_shape in ((1,), (2,)) and not any(column.kind == "category" for column in spec.columns):
        _points(dataset)
    elif len(spec.input_shape) == 1:
        st.dataframe(training_frame(dataset, "target", _ROWS), hide_index=True, height=_DATA_HEIGHT - 34)
    elif len(spec.input_shape) == 2:
        _sequences(dataset)
    else:
        st.caption(f"Examples of the shape {spec.input_shape} cannot be drawn here; training takes them.")


def _images(dataset: Dataset) -> None:
    spec, train = dataset.spec, dataset.train
    pictures = scaled(train.x, spec.rescale)
    if spec.task != "classification":
        st.image(strip(pictures[: 3 * _IMAGES_IN_A_ROW], _IMAGES_IN_A_ROW), width="stretch")
        return
    names = spec.class_labels[:_CLASSES_SHOWN]
    for code, (column, name) in enumerate(zip(st.columns(len(names), gap="small"), names, strict=True)):
        column.caption(escape_markdown(name))
        if (train.y == code).any():
            column.image(strip(pictures[train.y == code], 1), width="stretch")


def _points(dataset: Dataset) -> None:
    spec, x, y = dataset.spec, np.asarray(dataset.train.x, float), np.asarray(dataset.train.y)
    names = spec.input_names
    classes, values = None, None
    if spec.input_shape == (1,):
        points, axes = np.column_stack([x[:, 0], y.reshape(len(y), -1)[:, 0]]), (names[0], "target")
    else:
        points, axes = x, (names[0], names[1])
        if spec.task == "classification":
            classes = {name: y == code for code, name in enumerate(spec.class_labels) if (y == code).any()}
        elif spec.task == "regression":
            values = y.reshape(-1)
    figure = scatter_figure(points, axes, classes, values)
    figure.update_layout(height=_DATA_HEIGHT - 34)
    if spec.input_shape == (2,):
        figure.update_yaxes(scaleanchor="x")  # a spiral stays round
    alt = f"{len(points):,} training points: {axes[0]} across, {axes[1]} up."
    st.plotly_chart(figure, key=widget_key("preview", "points"), config={"displayModeBar": False}, alt=alt)


def _sequences(dataset: Dataset) -> None:
    spec, train = dataset.spec, dataset.train
    chosen = np.arange(min(_SEQUENCES, len(train)))
    names = [f"example {place + 1}" for place in chosen]
    if spec.task == "classification":
        chosen = np.unique(train.y, return_index=True)[1][:_SEQUENCES]
        names = [spec.class_labels[train.y[place]] for place in chosen]
    series = dict(zip(names, np.asarray(train.x)[chosen][..., 0], strict=True))
    figure = lines_figure(series, "value")
    figure.update_layout(height=_DATA_HEIGHT - 34)
    alt = f"Values of {len(series)} training examples."
    st.plotly_chart(figure, key=widget_key("preview", "sequences"), config={"displayModeBar": False}, alt=alt)


def _explain_download(config: RunConfig) -> None:
    label = escape_markdown(DATASETS[config.dataset].label)
    st.caption(
        f"{label} is not on this machine yet. It is downloaded once, when the first run on it starts. "
        "To look at it first, download it on the Data page."
    )
