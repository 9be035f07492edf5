"""The options of an uploaded data set as widgets: the same on the Data page and in the Train form."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.fields.number_formats import AUTOMATIC, draw_asked_formats, draw_formats
from pages.ui.fields.widgets import draw_two_in_a_row
from pages.ui.text import escape_markdown
from trainer import DATASETS
from trainer.config.options import Option
from trainer.data.uploads import Change, Report, UploadedDataset


def option_key(uploaded: UploadedDataset, name: str) -> str:
    """Returns the key of an option's widget, of this data set alone: another file has other columns."""
    return f"train_{uploaded.id}_{name}_set"


def draw_upload_options(uploaded: UploadedDataset, report: Report) -> dict[str, Any]:
    """Draws the options and returns `dataset_options` of a RunConfig.

    Args:
        uploaded: the data set.
        report: of its file; its guesses are what the widgets begin with.
    """
    entry, columns = DATASETS[uploaded.dataset], column_names(report)
    options: dict[str, Any] = {"path": uploaded.reference}
    if columns:
        options |= _draw_target(uploaded, report, columns)
        formats = draw_asked_formats(report, lambda name: format_key(uploaded, name))
        asked = [column["name"] for column in report.details["columns"] if column.get("asks_for_format")]
        place = st.expander("Columns and missing values", icon=":material/view_column:")
        with place:
            options["leave_out"] = _draw_leave_out(uploaded, report, columns, options["target"])
            formats |= draw_formats(
                report,
                lambda name: format_key(uploaded, name),
                option_key(uploaded, "format_columns"),
                [name for name in columns if name not in asked],
            )
        options["number_formats"] = formats
    elif any(option.name == "target" for option in entry.options):
        # A table that cannot be read: there is nothing to choose yet.
        return options
    else:
        place = st.container()
    rest = [option for option in entry.options if option.name not in options]
    for option in rest:
        st.session_state.setdefault(option_key(uploaded, option.name), report.options.get(option.name, option.default))
    with place:
        options |= draw_two_in_a_row(rest, lambda option: option_key(uploaded, option.name))
    return options


def fill_upload_options(uploaded: UploadedDataset, options: dict[str, Any]) -> None:
    """Puts a configuration's options into the widgets, before they are drawn."""
    for key in st.session_state:
        if str(key).startswith(f"train_{uploaded.id}_format_of_"):
            st.session_state[key] = AUTOMATIC
    for name, value in options.items():
        if name == "number_formats":
            _fill_formats(uploaded, value)
        elif name != "path":
            st.session_state[option_key(uploaded, name)] = value
    if isinstance(target := options.get("target"), list):
        st.session_state.pop(option_key(uploaded, "target"))
        st.session_state[option_key(uploaded, "targets")] = target


def apply_change(uploaded: UploadedDataset, change: Change) -> None:
    """Puts what a finding proposes into the widgets, before they are drawn, as in a callback."""
    state = st.session_state
    for name, value in change.options.items():
        key = option_key(uploaded, name)
        if name == "number_formats":
            _fill_formats(uploaded, value)
        elif isinstance(value, list):
            state[key] = list(dict.fromkeys([*(state.get(key) or []), *value]))
        else:
            state[key] = value


def format_key(uploaded: UploadedDataset, column: str) -> str:
    """Returns the key of the widget for a column's number format."""
    return f"train_{uploaded.id}_format_of_{column}_set"


def _fill_formats(uploaded: UploadedDataset, formats: dict[str, str]) -> None:
    state, key = st.session_state, option_key(uploaded, "format_columns")
    for column, format in formats.items():
        state[format_key(uploaded, column)] = format
    state[key] = list(dict.fromkeys([*(state.get(key) or []), *formats]))


def column_names(report: Report) -> list[str]:
    """Returns the columns of a table, in the file's order; none for arrays and images."""
    return [str(column["name"]) for column in report.details.get("columns", ())]


def _draw_target(uploaded: UploadedDataset, report: Report, columns: list[str]) -> dict[str, Any]:
    """Draws what is predicted, and as what; the likeliest columns come first, with the reason."""
    reasons = {candidate["name"]: candidate["reason"] for candidate in report.details.get("targets", ())}
    ranked = [*reasons, *(name for name in columns if name not in reasons)]
    state, guess = st.session_state, report.options.get("target") or columns[-1]
    guesses = guess if isinstance(guess, list) else [guess]
    task_option = _option(uploaded, "task")
    left, right = st.columns(2)
    with right:
        key = option_key(uploaded, "task")
        # Left to be guessed, so that it follows the target.
        state[key] = state.get(key, "multilabel" if isinstance(guess, list) else task_option.default)
        task = st.selectbox("Task", task_option.choices, key=key, help=task_option.help, persist_state="session")
    with left:
        if task == "multilabel":
            target = _several(
                "What do you want to predict?",
                option_key(uploaded, "targets"),
                columns,
                guesses,
                "The target columns: 0 or 1, one column per label.",
            )
        else:
            key = option_key(uploaded, "target")
            known = [name for name in (state.get(key), guesses[0]) if name in columns]
            state[key] = known[0] if known else columns[-1]
            target = st.selectbox(
                "What do you want to predict?",
                ranked,
                key=key,
                help="The target: the column that the model learns to predict from the others. The likeliest come "
                "first.",
                persist_state="session",
            )
            if reason := reasons.get(target):
                st.caption(escape_markdown(reason))
    return {"target": target, "task": task}


def _draw_leave_out(
    uploaded: UploadedDataset, report: Report, columns: list[str], target: str | list[str]
) -> list[str]:
    """Draws which columns training does not see."""
    others = [name for name in columns if name not in (target if isinstance(target, list) else [target])]
    return _several(
        "Leave out",
        option_key(uploaded, "leave_out"),
        others,
        report.options.get("leave_out", []),
        _option(uploaded, "leave_out").help,
    )


def _several(label: str, key: str, names: list[str], first: list[str], help: str) -> list[str]:
    """Draws a choice of several columns."""
    chosen = st.session_state.get(key)
    st.session_state[key] = [name for name in (first if chosen is None else chosen) if name in names]
    return st.multiselect(label, names, key=key, help=help, placeholder="none", persist_state="session")


def _option(uploaded: UploadedDataset, name: str) -> Option:
    return next(option for option in DATASETS[uploaded.dataset].options if option.name == name)
