"""Which rows of the table are selected. A selection follows its runs when rows come, go or move."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key

TABLE = widget_key("list", "select", page="runs")
_DRAWN = "runs_list_drawn"  # ids in the order of the rows that the browser shows


def place_selection(ids: list[str]) -> None:
    """Moves the selection to the rows that its runs have now. Call it before the table is drawn.

    Args:
        ids: of the rows to be drawn.
    """
    state = st.session_state
    drawn = state.get(_DRAWN, [])
    if drawn == ids:
        return
    chosen = set(selected_ids(drawn))
    if chosen or TABLE in state:
        rows = [place for place, id in enumerate(ids) if id in chosen]
        state[TABLE] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    state[_DRAWN] = ids


def selected_ids(ids: list[str]) -> list[str]:
    """Returns the ids of the selected rows, in their order.

    Args:
        ids: of the rows.
    """
    rows = (st.session_state.get(TABLE) or {}).get("selection", {}).get("rows", [])
    return [ids[row] for row in sorted(rows) if row < len(ids)]
