"""The live chart: how far a run is, and its curves, batch by batch, as they are measured.

The component is mounted once and told which run to show; the numbers reach it
over the server's own socket and never pass through a Streamlit rerun.
"""

import math
from typing import Any

import streamlit as st

from server.assets import asset_url
from server.guard import guard
from server.progress import progress

# The module itself is loaded from a route: inline JavaScript would be sent again at each refresh.
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

# Plotly puts its style sheet into the document, where a shadow root would not see it;
# the component's own rules all start with .live-chart.
_component = st.components.v2.component(
    "traindeck_live_chart", html='<div class="live-chart"></div>', js=_LOADER, isolate_styles=False
)


# Plotly takes half a second to read: better before the first run than at its first batch.
_PRELOADER = """
export default function ({ data }) {
  for (const module of [data.module, data.plotly]) import(new URL(module, document.baseURI)).catch(() => {})
}
"""

_preloader = st.components.v2.component("traindeck_live_chart_preloader", js=_PRELOADER)


def prepare_live_chart(*, key: str = "train_chart_prepare") -> None:
    """Loads what `live_chart` needs, so that a run started from this page is drawn at once.

    Args:
        key: the component's key.
    """
    _preloader(key=key, data=_modules(), height=1)


def _modules() -> dict[str, str]:
    return {"module": asset_url("live_chart.js"), "plotly": asset_url("plotly.min.js")}


def live_chart(
    run: Any,
    *,
    metrics: list[tuple[str, ...]],
    figures: list[tuple[str, str]],
    key: str = "train_chart_watch",
    height: int = 300,
) -> None:
    """Shows how far a run is and its curves, and keeps both up to date.

    Only a change of the run's status makes the page run again.

    Args:
        run: the run; its id, status, progress and `steps_per_epoch` are read.
        metrics: (column, label) or (column, label, unit, what the unit means), in
            the order of the panels. The first panel is the loss, which is added if
            the list names none. The first two are shown, the others on request.
            `val_` + column is drawn into the same panel.
        figures: (name, help) of the values above the curves; names are columns of the table of epochs.
        key: the component's key.
        height: pixels of one panel; the place is reserved before there are points.
    """
    panels = list(metrics)
    if not any(column == "loss" or column.endswith("_loss") for column, *_ in panels):
        panels.insert(0, ("loss", "loss"))
    steps_per_epoch = run.steps_per_epoch
    data = {
        "run": run.id,
        "token": guard.token(run.id),
        "status": run.status,
        "steps_per_epoch": steps_per_epoch if steps_per_epoch and math.isfinite(steps_per_epoch) else None,
        "panels": [list(panel) for panel in panels],
        "figures": [[name, help_text] for name, help_text in figures],
        "progress": progress(run),
        "height": height,
        **_modules(),
    }
    # A trigger needs somebody who listens, or the page would not run again.
    _component(key=key, data=data, on_status_change=lambda: None)
