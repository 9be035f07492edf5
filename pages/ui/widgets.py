"""One option of a registry entry or of RunConfig as the widget that suits it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from trainer.registry import Entry, Option


def draw_options(entry: Entry, options: tuple[Option, ...], title: str = "") -> dict[str, Any]:
    """Draws options of an entry two in a row and returns their values by name."""
    if title and options:
        st.caption(title)
    return draw_two_in_a_row(options, lambda option: f"train_{entry.name}_{option.name}_set")


def draw_two_in_a_row(options: tuple[Option, ...] | list[Option], key_of) -> dict[str, Any]:
    """Draws options in two columns; `key_of(option)` gives a widget's key. Returns values by name."""
    values = {}
    for first in range(0, len(options), 2):
        for column, option in zip(st.columns(2, vertical_alignment="bottom"), options[first : first + 2], strict=False):
            with column:
                values[option.name] = draw_option(option, key_of(option))
    return values


def draw_option(option: Option, key: str) -> Any:
    """Draws one option and returns its value."""
    if key not in st.session_state:
        st.session_state[key] = option.default
    common = {"key": key, "help": option.help, "persist_state": "session"}
    if option.kind == "bool":
        return st.checkbox(option.label, **common)
    if option.kind == "choice":
        return st.selectbox(option.label, option.choices, **common)
    # None allows an empty field, which is how an option that may be left out is switched off.
    empty = {"value": None, "placeholder": "off"} if option.optional else {}
    if option.kind == "int":
        low, high = (None if bound is None else int(bound) for bound in (option.minimum, option.maximum))
        return st.number_input(option.label, min_value=low, max_value=high, step=1, **empty, **common)
    if option.kind == "float":
        if st.session_state[key] is not None:
            st.session_state[key] = float(st.session_state[key])
        low = option.above if option.above is not None else option.minimum
        return st.number_input(
            option.label,
            min_value=None if low is None else float(low),
            max_value=None if option.maximum is None else float(option.maximum),
            step=_step(option),
            format="%g",
            **empty,
            **common,
        )
    return st.text_input(option.label, **common)


def choose(noun: str, label: str, labels: dict[Any, str], help: str, page: str = "train") -> Any:
    """Draws a selector and returns what is chosen; a choice that is no longer offered gives way to the first.

    Args:
        noun: what is chosen, for the key.
        label: of the selector.
        labels: choice → what a person reads; no two alike.
        help: of the selector.
        page: that it is on, for the key.
    """
    key, before = f"{page}_{noun}_select", f"{page}_{noun}_chosen"
    if st.session_state.get(key) not in labels:
        last = st.session_state.get(before)
        st.session_state[key] = last if last in labels else next(iter(labels))
    asked = st.session_state.get(key)
    chosen = st.selectbox(label, list(labels), format_func=labels.get, key=key, help=help, persist_state="session")
    # A browser sends labels: one that was renamed since, or any other text, stands for no choice.
    st.session_state[before] = chosen if chosen in labels else asked
    return st.session_state[before]


def _step(option: Option) -> float:
    """Returns what the plus and minus buttons change."""
    if option.maximum is not None and option.maximum <= 1:
        return 0.05
    return float(option.default) / 2 if option.default else 1.0
