"""Turns an option of a registry entry or of RunConfig into a widget."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.fields.limits import find_problem
from pages.ui.keys import widget_key
from trainer.config.options import Option
from trainer.config.registry import Entry


def draw_options(entry: Entry, options: tuple[Option, ...], title: str = "") -> dict[str, Any]:
    """Draws options of an entry in two columns and returns their values by name."""
    if title and options:
        st.caption(title)
    return draw_two_in_a_row(options, lambda option: option_key(entry, option))


def option_key(entry: Entry, option: Option) -> str:
    """Returns the key of the widget for an option of an entry."""
    return widget_key(f"{entry.name}_{option.name}", "set")


def draw_two_in_a_row(options: tuple[Option, ...] | list[Option], key_of) -> dict[str, Any]:
    """Draws options in two columns; `key_of(option)` gives a widget's key. Returns values by name."""
    values = {}
    for first in range(0, len(options), 2):
        for column, option in zip(st.columns(2, vertical_alignment="bottom"), options[first : first + 2], strict=False):
            with column:
                values[option.name] = draw_option(option, key_of(option))
    return values


def draw_option(option: Option, key: str) -> Any:
    """Draws one option and returns its value. It may be out of range: the field then says what is allowed."""
    state = st.session_state
    if key not in state or not _fits(option, state[key]):
        state[key] = option.default
    label = option.label
    common = {"key": key, "help": option.help, "persist_state": "session"}
    if option.kind == "bool":
        return st.checkbox(label, **common)
    if option.kind == "choice":
        return st.selectbox(label, option.choices, **common)
    if option.kind not in ("int", "float"):
        return st.text_input(label, **common)
    # Only where it must change: a value that is set takes the place of what somebody is typing.
    if option.kind == "float" and isinstance(state[key], int):
        state[key] = float(state[key])
    step = {"step": 1} if option.kind == "int" else {"step": _step(option), "format": "%g"}
    # An empty optional field switches the option off.
    value = st.number_input(label, value=None, placeholder="off" if option.optional else "", **step, **common)
    if problem := find_problem(option, value):
        st.caption(f":red[{problem}]")
    return value


def _fits(option: Option, value: Any) -> bool:
    """Returns whether the widget can hold the value; an older draft may hold another type."""
    if option.kind in ("int", "float"):
        return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    if option.kind == "choice":
        return value in option.choices
    return isinstance(value, bool if option.kind == "bool" else str)


def choose(noun: str, label: str, labels: dict[Any, str], help: str, page: str = "train") -> Any:
    """Draws a selector and returns the choice: the first one if the previous choice is no longer offered.

    Args:
        noun: the noun of the key.
        label: label of the selector.
        labels: choice → its label; labels must differ.
        help: help of the selector.
        page: the page of the key.
    """
    key, before = widget_key(noun, "select", page), widget_key(noun, "chosen", page)
    if st.session_state.get(key) not in labels:
        last = st.session_state.get(before)
        st.session_state[key] = last if last in labels else next(iter(labels))
    asked = st.session_state.get(key)
    chosen = st.selectbox(label, list(labels), format_func=labels.get, key=key, help=help, persist_state="session")
    # A browser sends labels: a label renamed since, or any other text, is not a choice.
    st.session_state[before] = chosen if chosen in labels else asked
    return st.session_state[before]


def _step(option: Option) -> float:
    """Returns the step of the plus and minus buttons."""
    if option.maximum is not None and option.maximum <= 1:
        return 0.05
    return float(option.default) / 2 if option.default else 1.0
