"""The options of a brought data set as widgets: the same on the Data page and in the Train form."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.widgets import draw_two_in_a_row
from trainer import DATASETS
from trainer.brought.report import Report
from trainer.brought.store import Brought

_ABOUT_COLUMNS = ("target", "task", "leave_out")


def option_key(brought: Brought, name: str) -> str:
    """Returns the key of an option's widget, of this data set alone: another file has other columns."""
    return f"train_{brought.id}_{name}_set"


def draw_brought_options(brought: Brought, report: Report) -> dict[str, Any]:
    """Draws the options and returns `dataset_options` of a RunConfig.

    Args:
        brought: the data set.
        report: of its file; its guesses are what the widgets begin with.
    """
    entry = DATASETS[brought.dataset]
    options: dict[str, Any] = {"path": brought.reference}
    columns = column_names(report)
    if columns:
        options |= _draw_columns(brought, report, columns)
    rest = [option for option in entry.options if option.name not in (*options, *_ABOUT_COLUMNS)]
    for option in rest:
        st.session_state.setdefault(option_key(brought, option.name), report.options.get(option.name, option.default))
    options |= draw_two_in_a_row(rest, lambda option: option_key(brought, option.name))
    return {name: value for name, value in options.items() if not (value is None and name not in report.options)}


def fill_brought_options(brought: Brought, options: dict[str, Any]) -> None:
    """Puts a configuration's options into the widgets, before they are drawn."""
    for name, value in options.items():
        if name != "path":
            st.session_state[option_key(brought, name)] = value
    if isinstance(target := options.get("target"), list):
        st.session_state[option_key(brought, "target")] = None
        st.session_state[option_key(brought, "targets")] = target


def column_names(report: Report) -> list[str]:
    """Returns the columns of a table, in the file's order; none for arrays and images."""
    return [str(column["name"]) for column in report.details.get("columns", ())]


def _draw_columns(brought: Brought, report: Report, columns: list[str]) -> dict[str, Any]:
    """Draws what is predicted from what."""
    state, guess = st.session_state, report.options.get("target") or columns[-1]
    task_option, leave_option = (
        next(option for option in DATASETS[brought.dataset].options if option.name == name)
        for name in ("task", "leave_out")
    )
    keys = {name: option_key(brought, name) for name in ("target", "targets", "task", "leave_out")}
    several = guess if isinstance(guess, list) else [guess]
    state.setdefault(keys["task"], report.options.get("task", task_option.default))
    left, right = st.columns([3, 2])
    with right:
        task = st.selectbox(
            "task", task_option.choices, key=keys["task"], help=task_option.help, persist_state="session"
        )
    with left:
        if task == "multilabel":
            state.setdefault(keys["targets"], several)
            state[keys["targets"]] = [name for name in state[keys["targets"]] or [] if name in columns]
            target = st.multiselect(
                "targets",
                columns,
                key=keys["targets"],
                help="The columns of 0 and 1 to predict, one a label.",
                persist_state="session",
            )
        else:
            if state.get(keys["target"]) not in columns:
                state[keys["target"]] = several[0]
            target = st.selectbox(
                "target",
                columns,
                key=keys["target"],
                help="The column to predict. The guess is chosen first.",
                persist_state="session",
            )
    targets = target if isinstance(target, list) else [target]
    others = [name for name in columns if name not in targets]
    state.setdefault(keys["leave_out"], report.options.get("leave_out", []))
    state[keys["leave_out"]] = [name for name in state[keys["leave_out"]] or [] if name in others]
    leave_out = st.multiselect(
        "leave out",
        others,
        key=keys["leave_out"],
        help=leave_option.help or "Columns that training must not see.",
        placeholder="nothing",
        persist_state="session",
    )
    return {"target": target, "task": task, "leave_out": leave_out}
