"""What the buttons do. Each command carries the status that the page showed, so that a double click acts once."""

from __future__ import annotations

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import Run, TrainerError
from trainer.runs.state import Where

#: Pausing a small model takes less, so the page shows the outcome at once.
_SECONDS_TO_FINISH = 1.0


def act(
    run: Run,
    command: str,
    seen: str,
    source: str | int = "latest",
    learning_rate: float | None = None,
    epochs: int | None = None,
    where: Where | None = None,
) -> None:
    """Sends a command to a run, and tells the user if it had no effect.

    Args:
        run: the run.
        command: "pause", "stop" or "resume".
        seen: the status that the page showed.
        source: for "resume": "latest", "best" or a checkpoint's step.
        learning_rate: for "resume": the new one; None: unchanged.
        epochs: for "resume": how many in total; None: unchanged.
        where: for "resume": see `Run.resume`.
    """
    try:
        if command == "resume":
            outcome = run.resume(seen, source, learning_rate=learning_rate, epochs=epochs, where=where)
        else:
            outcome = getattr(run, command)(seen)
    except TrainerError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:", duration="long")
        return
    if not outcome.acted:
        st.toast(escape_markdown(outcome.message), icon=":material/info:")
    elif command != "resume":
        run.wait(_SECONDS_TO_FINISH)


def use_settings(run: Run) -> None:
    """Fills the form with a run's settings and runs the page again."""
    st.session_state["train_form_fill"] = run.id
    st.rerun()
