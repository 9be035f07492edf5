"""The options of a brought data set as widgets: the same on the Data page and in the Train form."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.widgets import draw_two_in_a_row
from trainer import DATASETS
from trainer.brought.kept import Brought
from trainer.brought.report import Report
from trainer.registry import Option


def option_key(brought: Brought, name: str) -> str:
    """Returns the key of an option's widget, of this data set alone: another file has other columns."""
    return f"train_{brought.id}_{name}_set"


def draw_brought_options(brought: Brought, report: Report) -> dict[str, Any]:
    """Draws the options and returns `dataset_options` of a RunConfig.

    Args:
        brought: the data set.
        report: of its file; its guesses are what the widgets begin with.
    """
    entry, columns = DATASETS[brought.dataset], column_names(report)
    options: dict[str, Any] = {"path": brought.reference}
    if columns:
        options |= _draw_target(brought, report, columns)
        place = st.expander("Columns and missing values", icon=":material/view_column:")
        with place:
            options["leave_out"] = _draw_leave_out(brought, report, columns, options["target"])
    elif any(option.name == "target" for option in entry.options):
        # A table that cannot be read: there is nothing to choose yet.
        return options
    else:
        place = st.container()
    rest = [option for option in entry.options if option.name not in options]
    for option in rest:
        st.session_state.setdefault(option_key(brought, option.name), report.options.get(option.name, option.default))
    with place:
        options |= draw_two_in_a_row(rest, lambda option: option_key(brought, option.name))
    return options


def fill_brought_options(brought: Brought, options: dict[str, Any]) -> None:
    """Puts a configuration's options into the widgets, before they are drawn."""
    for name, value in options.items():
        if name != "path":
            st.session_state[option_key(brought, name)] = value
    if isinstance(target := options.get("target"), list):
        st.session_state.pop(option_key(brought, "target"))
        st.session_state[option_key(brought, "targets")] = target


def column_names(report: Report) -> list[str]:
    """Returns the columns of a table, in the file's order; none for arrays and images."""
    return [str(column["name"]) for column in report.details.get("columns", ())]


def _draw_target(brought: Brought, report: Report, columns: list[str]) -> dict[str, Any]:
    """Draws what is predicted, and as what."""
    state, guess = st.session_state, report.options.get("target") or columns[-1]
    guesses = guess if isinstance(guess, list) else [guess]
    task_option = _option(brought, "task")
    left, right = st.columns(2)
    with right:
        key = option_key(brought, "task")
        # Left to be guessed, so that it follows the target.
        state.setdefault(key, "multilabel" if isinstance(guess, list) else task_option.default)
        task = st.selectbox("task", task_option.choices, key=key, help=task_option.help, persist_state="session")
    with left:
        if task == "multilabel":
            target = _several(
                "targets", option_key(brought, "targets"), columns, guesses, "The columns of 0 and 1, one a label."
            )
        else:
            key = option_key(brought, "target")
            if state.get(key) not in columns:
                state[key] = guesses[0] if guesses[0] in columns else columns[-1]
            target = st.selectbox("target", columns, key=key, help="The column to predict.", persist_state="session")
    return {"target": target, "task": task}


def _draw_leave_out(brought: Brought, report: Report, columns: list[str], target: str | list[str]) -> list[str]:
    """Draws which columns training does not see."""
    others = [name for name in columns if name not in (target if isinstance(target, list) else [target])]
    return _several(
        "leave out",
        option_key(brought, "leave_out"),
        others,
        report.options.get("leave_out", []),
        _option(brought, "leave_out").help,
    )


def _several(label: str, key: str, names: list[str], first: list[str], help: str) -> list[str]:
    """Draws a choice of several columns."""
    chosen = st.session_state.get(key)
    st.session_state[key] = [name for name in (first if chosen is None else chosen) if name in names]
    return st.multiselect(label, names, key=key, help=help, placeholder="none", persist_state="session")


def _option(brought: Brought, name: str) -> Option:
    return next(option for option in DATASETS[brought.dataset].options if option.name == name)
