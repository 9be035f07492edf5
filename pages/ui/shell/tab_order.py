"""Takes help icons out of the Tab order: the Tab key goes from field to field."""

import streamlit as st

from pages.ui.keys import widget_key

_SCRIPT = """
export default function () {
  const skip = () => {
    const icons = document.querySelectorAll('button[aria-label^="Help for"]:not([tabindex="-1"])')
    for (const icon of icons) icon.tabIndex = -1
  }
  let waiting = 0
  const observer = new MutationObserver(() => { waiting ||= setTimeout(() => { waiting = 0; skip() }, 200) })
  observer.observe(document.body, { childList: true, subtree: true })
  skip()
  return () => { observer.disconnect(); clearTimeout(waiting) }
}
"""

_component = st.components.v2.component("traindeck_tab_order", js=_SCRIPT)


def skip_help_icons() -> None:
    """Takes the help icons out of the Tab order on every page."""
    _component(key=widget_key("tab", "order", page="page"), height=1)
