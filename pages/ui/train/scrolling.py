"""Scrolls to the top of the page once a run has started, where its status and Pause are."""

import streamlit as st

_JS = """
let last = ""
export default function ({ data }) {
  if (data.run && data.run !== last) document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 })
  last = data.run
}
"""

_component = st.components.v2.component("traindeck_scrolling", js=_JS)


def scroll_up_for(run_id: str) -> None:
    """Scrolls up when another run has been started.

    Args:
        run_id: of the run that this page started last, or "".
    """
    _component(key="train_run_scroll", data={"run": run_id})
