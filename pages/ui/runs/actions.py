"""The buttons above the list of runs."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.dialogs import open_dialog
from pages.ui.runs.export import runs_csv
from pages.ui.text import count
from trainer import RunStore
from trainer.runs.state import RunState

#: A comparison of more runs cannot be read.
MOST_COMPARED = 20


def draw_actions(
    store: RunStore, states: list[RunState], shown: list[RunState], selected: list[RunState], labels: CatalogLabels
) -> None:
    """Draws what can be done with the selected runs.

    Args:
        store: of the runs.
        states: of all runs.
        shown: those that the list shows, in order.
        selected: those of them that are selected.
        labels: for data sets and models.
    """
    readable = [state for state in selected if not state.is_damaged]
    pick_one = "" if len(selected) == 1 else "Select one run in the table first."
    clone = pick_one or ("" if readable else "The configuration of this folder cannot be read.")
    compare = "" if 2 <= len(readable) <= MOST_COMPARED else f"Select 2 to {MOST_COMPARED} runs in the table first."
    pick_some = "" if selected else "Select runs in the table first."
    tag = pick_some or ("" if readable else "This folder cannot be changed.")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if _button("Open", "run", "open", "open_in_full", pick_one, "Shows the run on the Train page."):
            st.switch_page("train.py", query_params={"run": selected[0].id})
        if _button("Compare", "runs", "compare", "compare_arrows", compare, "Shows curves, settings and metrics."):
            st.query_params["compare"] = ",".join(state.id for state in readable)
            st.rerun(scope="app")
        if _button("Clone", "run", "clone", "content_copy", clone, "Puts every setting into the Train form."):
            st.session_state["train_form_fill"] = selected[0].id
            st.switch_page("train.py", query_params={"run": selected[0].id})
        if _button("Tag", "runs", "tag", "label", tag, "Adds tags to the selected runs, or takes them away."):
            open_dialog("Tag", readable)
        if _button("Delete", "runs", "delete", "delete", pick_some, "Asks before anything is deleted."):
            open_dialog("Delete", selected)
        st.download_button(
            "Export CSV",
            # Made at the click, not at each drawing.
            data=lambda: runs_csv(selected or shown, labels),
            file_name="runs.csv",
            mime="text/csv",
            key=widget_key("runs", "export", page="runs"),
            icon=":material/download:",
            on_click="ignore",
            help=f"One line per run: {count(len(selected or shown), 'run')}"
            + (", the selected ones." if selected else ", all that are shown. Select runs to export fewer."),
        )
        chosen = f" · {len(selected):,} selected" if selected else ""
        all_of = f"{len(shown):,} of {count(len(states), 'run')}" if len(shown) < len(states) else None
        st.caption(f"{all_of or count(len(states), 'run')}{chosen}", width="content")


def _button(label: str, noun: str, verb: str, icon: str, refused: str, help: str) -> bool:
    return st.button(
        label,
        key=widget_key(noun, verb, page="runs"),
        icon=f":material/{icon}:",
        disabled=bool(refused),
        help=refused or help,
    )
