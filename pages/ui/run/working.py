"""A job of `trainer.analysis` on a page: its result, or how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from trainer.analysis.jobs import Job, ask, forget

_SECONDS_BETWEEN = 0.5
#: Most looks need no more than this, and then nothing flickers.
_SECONDS_TO_WAIT = 0.3


def result_of(key: tuple, work: Callable[[Job], Any], doing: str) -> Any | None:
    """Returns the result of a job; None after drawing its progress, or why it failed.

    Args:
        key: see `trainer.analysis.jobs.ask`.
        work: see `ask`.
        doing: what it does, for people: "Predicting 360 examples".
    """
    job = ask(key, work)
    if not job.wait(_SECONDS_TO_WAIT):
        st.fragment(_progress, run_every=_SECONDS_BETWEEN)(job, doing)
        return None
    if job.error:
        st.error(escape_markdown(job.error), icon=":material/error:")
        st.button("Try again", key=widget_key(str(key[0]), "retry"), on_click=forget, args=(key,))
        return None
    return job.result


def _progress(job: Job, doing: str) -> None:
    if job.wait(0):
        st.rerun(scope="app")
    st.progress(job.fraction, f"{escape_markdown(doing)} …")
