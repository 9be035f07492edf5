"""The list of runs: the table, what can be done with the selected ones, and the details of a single one."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.runs.actions import draw_actions
from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.dialogs import draw_dialog
from pages.ui.runs.filters import View, clear_filters, draw_filters
from pages.ui.runs.importing import draw_import
from pages.ui.runs.panel import draw_panel
from pages.ui.runs.rows import column_settings, rows_frame
from pages.ui.runs.selection import TABLE, place_selection, selected_ids
from pages.ui.text import count
from trainer import RunStore
from trainer.runs.state import RunState

#: Seconds between two drawings while a run is live, and between two looks for changes otherwise.
_SECONDS_LIVE, _SECONDS_IDLE = 1.0, 2.0
#: A long list is sent less often: each drawing sends the whole table.
_LONG, _SECONDS_LONG = 300, 3.0
#: Up to so many rows the table is as tall as they are; above, it has so many pixels.
_SHORT, _TALL = 10, 560


def list_view(store: RunStore) -> None:
    """Draws the list and keeps it up to date."""
    states = store.states()
    draw_import(store)
    if not states:
        _empty()
        st.fragment(_watch, run_every=_SECONDS_IDLE)(store, _shown_facts(states))
        return
    view = draw_filters(states, CatalogLabels(store))
    is_live = any(state.is_live for state in states)
    seconds = _SECONDS_LONG if len(states) > _LONG else _SECONDS_LIVE
    st.fragment(_draw_list, run_every=seconds if is_live else None)(store, view, is_live)
    draw_dialog(store)
    if not is_live:
        st.fragment(_watch, run_every=_SECONDS_IDLE)(store, _shown_facts(states))


def _empty() -> None:
    st.markdown("#### No runs yet")
    st.markdown("Every run that you start appears here, with its curve, its metrics and its settings.")
    st.page_link("train.py", label="Set up the first run on the Train page", icon=":material/play_circle:")


def _draw_list(store: RunStore, view: View, was_live: bool) -> None:
    states, labels = store.states(), CatalogLabels(store)
    if was_live and not any(state.is_live for state in states):
        st.rerun(scope="app")
    shown = view.select(states, labels)
    ids = [state.id for state in shown]
    place_selection(ids)
    by_id = {state.id: state for state in shown}
    selected = [by_id[id] for id in selected_ids(ids)]
    draw_actions(store, states, shown, selected, labels)
    if not shown:
        st.info("No run matches the search and the filters.", icon=":material/search_off:")
        st.button("Show all runs", key=widget_key("filters", "clear", page="runs"), on_click=_clear_and_redraw)
        return
    st.dataframe(
        rows_frame(shown, view.metric, labels),
        key=TABLE,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        column_config=column_settings(view.metric),
        height=_TALL if len(shown) > _SHORT else "auto",
        placeholder="",
        alt=f"{count(len(shown), 'run')} with status, data set, model and metrics",
    )
    if len(selected) == 1:
        draw_panel(store, selected[0])


def _clear_and_redraw() -> None:
    clear_filters()
    st.rerun(scope="app")


def _watch(store: RunStore, drawn: list[tuple]) -> None:
    """Runs the page again when another tab or process has changed a run."""
    if _shown_facts(store.states()) != drawn:
        st.rerun(scope="app")


def _shown_facts(states: list[RunState]) -> list[tuple]:
    return [(s.id, s.name, s.status, s.step, tuple(s.tags), s.note, s.is_damaged) for s in states]
