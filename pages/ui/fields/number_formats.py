"""Widgets for how a table's columns write their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.text import escape_markdown
from trainer.data.uploads import FORMATS, TEXT, Report, read_number

#: What a widget holds where the format is decided from the values.
AUTOMATIC = "automatic"

#: Columns that are shown unasked; a table may have thousands.
_SHOWN = 6


def draw_asked_formats(report: Report, key_of: Callable[[str], str]) -> dict[str, str]:
    """Draws the question about each column whose values do not tell how its numbers are written.

    Args:
        report: of the file.
        key_of: column → its widget's key.

    Returns:
        The formats that are chosen, by column.
    """
    asked = [column for column in _columns(report) if column.get("asks_for_format")]
    # One answer often tells the rest: the decimal sign of a file is the same in all its columns.
    return _draw([column["name"] for column in asked[:_SHOWN]], report, key_of)


def draw_formats(report: Report, key_of: Callable[[str], str], columns_key: str, columns: list[str]) -> dict[str, str]:
    """Draws which columns have a format of their own, and each format.

    Args:
        report: of the file.
        key_of: column → its widget's key.
        columns_key: of the widget that chooses the columns.
        columns: that may be chosen; those that are asked about are drawn elsewhere.

    Returns:
        The formats that are chosen, by column.
    """
    state = st.session_state
    notable = [column["name"] for column in _columns(report) if column.get("number_formats")]
    chosen = state.get(columns_key)
    state[columns_key] = [name for name in (notable[:_SHOWN] if chosen is None else chosen) if name in columns]
    shown = st.multiselect(
        "Number formats of",
        columns,
        key=columns_key,
        help="Columns whose numbers are read in another way than decided, such as with commas between thousands.",
        placeholder="none",
        persist_state="session",
    )
    return _draw(shown, report, key_of)


def _draw(names: list[str], report: Report, key_of: Callable[[str], str]) -> dict[str, str]:
    known = {column["name"]: column for column in _columns(report)}
    formats: dict[str, str] = {}
    for name in names:
        column, key = known[name], key_of(name)
        set_to = st.session_state.get(key)
        # Set in any case: a value that a callback has just set is not kept when the page changes.
        st.session_state[key] = set_to if set_to in (*FORMATS, TEXT) else AUTOMATIC
        chosen = st.selectbox(
            f"Number format of {escape_markdown(name)}",
            [AUTOMATIC, *FORMATS, TEXT],
            key=key,
            help="How this column writes numbers. *automatic*: decided from its values; *text*: codes, such as 007.",
            persist_state="session",
        )
        st.caption(escape_markdown(describe_readings(column)))
        if chosen in (*FORMATS, TEXT):
            formats[name] = chosen
    return formats


def describe_readings(column: dict[str, Any]) -> str:
    """Returns how a cell of a column reads in each format: "43,500 is 43.500 as 1234,5, or 43500 as 1,234.5."."""
    example = column.get("example", "")
    formats = [format for format in column.get("number_formats", ()) if read_number(example, format)]
    readings = ", or ".join(f"{read_number(example, format)} as {format}" for format in formats)
    return f"{example} is {readings}." if readings else "Its numbers are written plainly."


def _columns(report: Report) -> list[dict[str, Any]]:
    return list(report.details.get("columns", ()))
