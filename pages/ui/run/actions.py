"""What the buttons do. A command names the status that the page showed, so that it acts once."""

from __future__ import annotations

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import Run, TrainerError

#: Pausing a small model takes less than this, so that the page shows the outcome at once.
_SECONDS_TO_SEE_IT_DONE = 1.0


def act(run: Run, command: str, seen: str, source: str | int = "latest", learning_rate: float | None = None) -> None:
    """Gives a run a command and says so where it had no effect.

    Args:
        run: the run.
        command: "pause", "stop" or "resume".
        seen: the status that the page showed.
        source: for "resume": "latest", "best" or a checkpoint's step.
        learning_rate: for "resume": the one to continue with; None: unchanged.
    """
    try:
        if command == "resume":
            outcome = run.resume(seen, source, learning_rate=learning_rate)
        else:
            outcome = getattr(run, command)(seen)
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
