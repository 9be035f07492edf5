"""Waits for a job without blocking the page."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from trainer.analysis.jobs import Job, forget

#: Most jobs end within this time, and then nothing flickers.
_SECONDS_TO_WAIT, _SECONDS_BETWEEN = 0.7, 0.3


def is_done(job: Job, text: str) -> bool:
    """Returns whether a job has ended; draws its progress until then, and runs the page again at its end.

    Args:
        job: the job.
        text: what is being done.
    """
    if job.wait(_SECONDS_TO_WAIT):
        return True
    st.fragment(_progress, run_every=_SECONDS_BETWEEN)(job, text)
    return False


def _progress(job: Job, text: str) -> None:
    if job.wait(0):
        st.rerun(scope="app")
    st.progress(min(job.fraction, 1.0), text)


def draw_error(job: Job) -> None:
    """Draws why a job failed, and a button that does it once more."""
    st.error(escape_markdown(job.error or "This was cancelled."), icon=":material/error:")
    st.button(
        "Try again",
        icon=":material/refresh:",
        key=widget_key("job", "repeat", page="predict"),
        on_click=forget,
        args=(job.key,),
    )
