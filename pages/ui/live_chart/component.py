"""The component that both charts use: it loads a module and gives it the data of the page."""

import math

import streamlit as st

# The module is loaded from a route: inline JavaScript would be sent again at each refresh.
_LOADER = """
const views = new WeakMap()

export default function (component) {
  const { parentElement, data } = component
  let view = views.get(parentElement)
  if (!view) {
    view = { chart: null, gone: false, data }
    views.set(parentElement, view)
    const changed = (status) => view.tell("status", status)
    import(new URL(data.module, document.baseURI)).then((module) => {
      if (!view.gone) view.chart = module.mount(parentElement.querySelector(".live-chart"), view.data, changed)
    }).catch(() => {
      parentElement.querySelector(".live-chart").textContent = "The chart could not be loaded. Reload the page."
    })
  }
  view.data = data
  view.tell = component.setTriggerValue
  view.chart?.update(data)
  return () => {
    view.gone = true
    view.chart?.close()
    views.delete(parentElement)
  }
}
"""

# Not isolated: Plotly, which saves pictures, puts its style sheet into the document.
chart_component = st.components.v2.component(
    "traindeck_live_chart", html='<div class="live-chart"></div>', js=_LOADER, isolate_styles=False
)
"""Mounted once per key; `data["module"]` is the URL of a module with `mount(root, data, changed)`."""


def finite_or_none(number: float | None) -> float | None:
    """Returns a number that JSON can hold: None for zero, infinity and what is unknown."""
    return number if number and math.isfinite(number) else None
