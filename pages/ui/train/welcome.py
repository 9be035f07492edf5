"""The page before the first run, and the offer to resume an interrupted run."""

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.live_chart import prepare_live_chart
from pages.ui.run.actions import act
from pages.ui.text import escape_markdown
from pages.ui.train.preview import preview
from trainer import RunConfig, RunStore


def welcome(config: RunConfig | None) -> None:
    """Explains what Start does, and shows the data and the model that it would train.

    Args:
        config: the form's; None while the form has a problem.
    """
    st.markdown("#### Train a model in this browser")
    st.markdown(
        "Press **Start training** to split the data set, build the model and train it. Curves take the place of this "
        "page and show every batch as it is trained. You can pause, stop or close the page at any time: the run is "
        "saved and resumes exactly where it was. Download the trained model whenever you like."
    )
    prepare_live_chart()
    preview(config)


def offer_interrupted(store: RunStore) -> None:
    """Offers to resume the newest interrupted run."""
    found = store.newest(1, "interrupted")
    if not found:
        return
    [run] = found
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=widget_key("interrupted", "offer")
    ):
        st.markdown(
            f"**{escape_markdown(run.name)}** was interrupted at step {run.step:,}. "
            "Resume continues exactly from its last checkpoint.",
            width="stretch",
        )
        st.button("Resume", key=widget_key("interrupted", "resume"), type="primary", on_click=_resume, args=(run,))
        st.button("Look at it", key=widget_key("interrupted", "open"), on_click=_open, args=(run,))


def _open(run) -> None:
    st.query_params["run"] = run.id


def _resume(run) -> None:
    st.query_params["run"] = run.id
    act(run, "resume", "interrupted")
