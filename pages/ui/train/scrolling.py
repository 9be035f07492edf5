"""Scrolls to the top of the page, to status and Pause, when a run has started."""

import streamlit as st

from pages.ui.keys import widget_key

_JS = """
let last = ""
export default function ({ data }) {
  if (data.run && data.run !== last) document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 })
  last = data.run
}
"""

_component = st.components.v2.component("traindeck_scrolling", js=_JS)


def scroll_up_for(run_id: str) -> None:
    """Scrolls up if this run has just been started.

    Args:
        run_id: id of the run that this page started last, or "".
    """
    _component(key=widget_key("run", "scroll"), data={"run": run_id})
