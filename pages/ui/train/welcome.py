"""What one sees before the first run, and runs that wait to be resumed."""

import streamlit as st

from pages.ui.live_chart import prepare_live_chart
from pages.ui.run.actions import act
from pages.ui.text import escape_markdown
from trainer import RunStore


def welcome() -> None:
    """Says what will happen and shows where the curves will be."""
    if problem := st.session_state.pop("train_start_problem", None):
        st.error(escape_markdown(problem), icon=":material/error:")
    st.markdown("#### Train a model in this browser")
    st.markdown(
        "Press **Start training**: the data set on the left is split, the model is built, and every batch lands on "
        "the curves below as it is learned. Pause, stop or close the page whenever you like: the run is saved, and "
        "goes on exactly where it was. What you trained can be downloaded at any time."
    )
    prepare_live_chart()
    for column, label in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column, st.container(border=True, height=300, horizontal_alignment="center", vertical_alignment="center"):
            st.caption(f"The {label} will be drawn here, batch by batch.")


def offer_interrupted(store: RunStore) -> None:
    """Offers the newest run whose process died, in one click."""
    run = next((run for run in store.list() if run.status == "interrupted"), None)
    if run is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="train_interrupted_offer"):
        st.markdown(
            f"**{escape_markdown(run.name)}** was interrupted at step {run.step:,}. "
            "Nothing is lost: it goes on from its last checkpoint.",
            width="stretch",
        )
        st.button("Resume", key="train_interrupted_resume", type="primary", on_click=_resume, args=(run,))
        st.button("Look at it", key="train_interrupted_open", on_click=_open, args=(run,))


def _open(run) -> None:
    st.query_params["run"] = run.id


def _resume(run) -> None:
    st.query_params["run"] = run.id
    act(run, "resume", "interrupted")
