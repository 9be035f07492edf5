"""The dialogs about a run. An open dialog is drawn at each run of the page, so it keeps what was typed."""

from __future__ import annotations

import streamlit as st

from pages.ui.form.where import WHERE, is_cluster_offered
from pages.ui.keys import widget_key
from pages.ui.run.actions import act
from pages.ui.run.longer import draw_longer
from pages.ui.run.sources import BEST, describe_later, source_labels
from pages.ui.text import count, escape_markdown
from trainer import Run, RunStore, TrainerError
from trainer.runs.run import RESUMABLE

_OPEN = widget_key("run", "dialog")  # [dialog, run id] while one is open


def open_dialog(name: str, run: Run) -> None:
    """Opens a dialog with the next `draw_dialog`.

    Args:
        name: "Train longer", "Resume from", "Rename" or "Delete".
        run: its run.
    """
    st.session_state[_OPEN] = [name, run.id]


def draw_dialog(store: RunStore, run: Run) -> None:
    """Draws the open dialog of this run, if any. Call it from the page itself, never from a fragment."""
    name, run_id = st.session_state.get(_OPEN, (None, None))
    if run_id != run.id:
        _close()
    elif name == "Train longer":
        _train_longer(run)
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
    with st.form(widget_key("rename", "form"), border=False):
        name = st.text_input("Name", value=run.name, max_chars=80, key=widget_key("run", "rename"))
        is_sent = st.form_submit_button("Rename", type="primary", key=widget_key("rename", "confirm"))
    if is_sent:
        try:
            run.rename(name)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            _close()
            st.rerun()


@st.dialog("Train longer", on_dismiss=_close)
def _train_longer(run: Run) -> None:
    if draw_longer(run):
        _close()
        st.rerun()


@st.dialog("Resume from", on_dismiss=_close)
def _resume_from(run: Run) -> None:
    labels = source_labels(run)
    if run.status not in RESUMABLE or not labels:
        st.markdown(f"**{escape_markdown(run.name)}** is {run.status}: there is nothing to resume.")
        return
    with st.form(widget_key("resume", "form"), border=False):
        source = st.radio(
            "Weights", list(labels), index=len(labels) - 1, format_func=labels.get, key=widget_key("resume", "choose")
        )
        if BEST in labels:
            st.caption(f"Resuming from the best deletes {describe_later(run, run.find_checkpoint(BEST).step)}.")
        where = run.where
        if is_cluster_offered() or where == "cluster":
            where = st.radio(
                "Where to run", list(WHERE), list(WHERE).index(where), WHERE.get, key=widget_key("resume", "where")
            )
        is_sent = st.form_submit_button("Resume", type="primary", key=widget_key("resume", "confirm"))
    if is_sent:
        act(run, "resume", run.status, source, where=where)
        _close()
        st.rerun()


@st.dialog("Delete the run?", on_dismiss=_close)
def _delete(store: RunStore, run: Run) -> None:
    st.markdown(
        f"Delete the run **{escape_markdown(run.name)}** with {count(run.step, 'step')} and "
        f"{count(len(run.checkpoints), 'checkpoint')}? This cannot be undone. Download what you want to keep first."
    )
    if run.is_live:
        st.warning(f"This run is {run.status} and will be stopped first.", icon=":material/stop_circle:")
    with st.form(widget_key("delete", "form"), border=False):
        is_sent = st.form_submit_button("Delete for good", type="primary", key=widget_key("delete", "confirm"))
    if is_sent:
        try:
            store.delete(run.id, stop=True)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            _close()
            st.query_params.pop("run", None)
            st.session_state.pop("train_run_shown", None)
            st.rerun()
