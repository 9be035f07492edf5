"""What the buttons do. A command names the status that the page showed, so that it acts once."""

from __future__ import annotations

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import Run, RunStore, TrainerError

#: Pausing a small model takes less than this, so that the page shows the outcome at once.
_SECONDS_TO_SEE_IT_DONE = 1.0


def act(run: Run, command: str, seen: str, source: str | int = "latest") -> None:
    """Gives a run a command and says so where it had no effect.

    Args:
        run: the run.
        command: "pause", "stop" or "resume".
        seen: the status that the page showed.
        source: for "resume": "latest" or a checkpoint's step.
    """
    try:
        outcome = run.resume(seen, source) if command == "resume" else getattr(run, command)(seen)
    except TrainerError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:", duration="long")
        return
    if not outcome.acted:
        st.toast(escape_markdown(outcome.message), icon=":material/info:")
    elif command != "resume":
        run.wait(_SECONDS_TO_SEE_IT_DONE)


def use_settings(run: Run) -> None:
    """Fills the form with a run's settings at the next look, which follows at once."""
    st.session_state["train_form_fill"] = run.id
    st.rerun()


@st.dialog("Rename the run")
def rename_dialog(run: Run) -> None:
    """Asks for another display name."""
    name = st.text_input("Name", value=run.name, max_chars=80, key="train_run_rename")
    if st.button("Rename", type="primary", key="train_rename_confirm"):
        try:
            run.rename(name)
        except TrainerError as error:
            st.error(escape_markdown(str(error)))
        else:
            st.rerun()


@st.dialog("Delete the run?")
def delete_dialog(store: RunStore, run: Run) -> None:
    """Asks before a run and its folder are deleted."""
    if run.is_live:
        st.markdown(f"**{escape_markdown(run.name)}** is {run.status}. Stop it before you delete it.")
        return
    st.markdown(
        f"**{escape_markdown(run.name)}** with its {run.step:,} steps and {len(run.checkpoints)} checkpoints "
        "will be gone for good. Download what you want to keep first."
    )
    if st.button("Delete for good", type="primary", key="train_delete_confirm"):
        try:
            store.delete(run.id)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)))
        else:
            st.query_params.pop("run", None)
            st.rerun()
