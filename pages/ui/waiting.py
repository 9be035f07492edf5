"""A job of `trainer.analysis` on a page: its result, how far it is, or why it failed; the page is never blocked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from trainer.analysis.jobs import Job, ask, forget

#: Most jobs end within this time, and then nothing flickers.
_SECONDS_TO_WAIT, _SECONDS_BETWEEN = 0.5, 0.4


def result_of(key: tuple, work: Callable[[Job], Any], doing: str) -> Any | None:
    """Returns the result of a job; None after drawing its progress, or why it failed.

    Args:
        key: see `trainer.analysis.jobs.ask`.
        work: see `ask`.
        doing: what it does, for people: "Predicting 360 examples".
    """
    return shown_result(ask(key, work), doing)


def shown_result(job: Job, doing: str) -> Any | None:
    """Returns the result of a job that was asked for; see `result_of`."""
    if not is_done(job, doing):
        return None
    if job.error:
        draw_error(job)
        return None
    return job.result


def is_done(job: Job, doing: str) -> bool:
    """Returns whether a job has ended; draws its progress until then, and runs the page again at its end.

    Args:
        job: the job.
        doing: what it does, for people.
    """
    if job.wait(_SECONDS_TO_WAIT):
        return True
    st.fragment(_progress, run_every=_SECONDS_BETWEEN)(job, doing)
    return False


def draw_error(job: Job) -> None:
    """Draws why a job failed, and a button that does it once more."""
    st.error(escape_markdown(job.error or "This was cancelled."), icon=":material/error:")
    st.button(
        "Try again",
        icon=":material/refresh:",
        key=widget_key(str(job.key[0]), "retry"),
        on_click=forget,
        args=(job.key,),
    )


def _progress(job: Job, doing: str) -> None:
    if job.wait(0):
        st.rerun(scope="app")
    st.progress(min(job.fraction, 1.0), f"{escape_markdown(doing)} …")
