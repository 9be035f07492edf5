"""The dialogs on a run. An open one is drawn again at each look at the page, so it keeps what was typed in it."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.actions import act
from pages.ui.run.sources import source_labels
from pages.ui.text import escape_markdown
from trainer import Run, RunStore, TrainerError
from trainer.runs.run import RESUMABLE

_OPEN = "train_run_dialog"  # [dialog, run id] while one is open


def open_dialog(name: str, run: Run) -> None:
    """Opens a dialog at the next `draw_dialog`.

    Args:
        name: "Resume from", "Rename" or "Delete".
        run: the run it is about.
    """
    st.session_state[_OPEN] = [name, run.id]


def draw_dialog(store: RunStore, run: Run) -> None:
    """Draws the dialog that is open on this run, if any. Call it from the page itself, never from a fragment."""
    name, run_id = st.session_state.get(_OPEN, (None, None))
    if run_id != run.id:
        _close()
    elif name == "Resume from":
        _resume_from(run)
    elif name == "Rename":
        _rename(run)
    elif name == "Delete":
        _delete(store, run)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Rename the run", on_dismiss=_close)
def _rename(run: Run) -> None:
    with st.form("train_rename_form", border=False):
        name = st.text_input("Name", value=run.name, max_chars=80, key="train_run_rename")
        is_sent = st.form_submit_button("Rename", type="primary", key="train_rename_confirm")
    if is_sent:
        try:
            run.rename(name)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            _close()
            st.rerun()


@st.dialog("Resume from", on_dismiss=_close)
def _resume_from(run: Run) -> None:
    labels = source_labels(run)
    if run.status not in RESUMABLE or not labels:
        st.markdown(f"**{escape_markdown(run.name)}** is {run.status}, so there is nothing to resume.")
        return
    with st.form("train_resume_form", border=False):
        source = st.radio(
            "Weights", list(labels), index=len(labels) - 1, format_func=labels.get, key=widget_key("resume", "choose")
        )
        st.caption("Resuming from the best deletes all later steps and checkpoints.")
        is_sent = st.form_submit_button("Resume", type="primary", key="train_resume_confirm")
    if is_sent:
        act(run, "resume", run.status, source)
        _close()
        st.rerun()


@st.dialog("Delete the run?", on_dismiss=_close)
def _delete(store: RunStore, run: Run) -> None:
    if run.is_live:
        st.markdown(f"**{escape_markdown(run.name)}** is {run.status}. Stop it before you delete it.")
        return
    count = len(run.checkpoints)
    st.markdown(
        f"**{escape_markdown(run.name)}** with its {run.step:,} steps and {count} checkpoint{'s' * (count != 1)} "
        "will be deleted for good. Download what you want to keep first."
    )
    with st.form("train_delete_form", border=False):
        is_sent = st.form_submit_button("Delete for good", type="primary", key="train_delete_confirm")
    if is_sent:
        try:
            store.delete(run.id)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            _close()
            st.query_params.pop("run", None)
            st.session_state.pop("train_run_shown", None)
            st.rerun()
