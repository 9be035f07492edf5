"""The live chart: the progress of a run and its curves, batch by batch.

The component is mounted once and told which run to show. The numbers come over
the server's own socket and never pass through a Streamlit rerun.
"""

from typing import Any

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.live_chart.compare import compare_chart
from pages.ui.live_chart.component import chart_component, finite_or_none
from server.assets import asset_url
from server.guard import guard
from server.progress import progress

__all__ = ["compare_chart", "live_chart", "prepare_live_chart"]

_PRELOADER = """
export default function ({ data }) {
  import(new URL(data.module, document.baseURI)).catch(() => {})
}
"""

_preloader = st.components.v2.component("traindeck_live_chart_preloader", js=_PRELOADER)


def prepare_live_chart(*, key: str = widget_key("chart", "prepare")) -> None:
    """Loads the modules of `live_chart`, so that a run started from this page is drawn at once.

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
    key: str = widget_key("chart", "watch"),
    height: int = 300,
) -> None:
    """Shows the progress and the curves of a run and keeps them up to date.

    Only a change of the run's status runs the page again.

    Args:
        run: the run.
        metrics: (column, label) or (column, label, unit, what the unit means), in
            the order of the panels. A loss is added in front if
            the list has none. The first two are shown, the others on request.
            The validation values (`val_` + column) are in the same panel.
        figures: (name, help) of the values above the curves; names are columns of the table of epochs.
        key: the component's key.
        height: height of one panel in pixels, reserved before there are points.
    """
    panels = list(metrics)
    if not any(column == "loss" or column.endswith("_loss") for column, *_ in panels):
        panels.insert(0, ("loss", "Loss"))
    data = {
        "run": run.id,
        "token": guard.token(run.id),
        "status": run.status,
        "steps_per_epoch": finite_or_none(run.steps_per_epoch),
        "panels": [list(panel) for panel in panels],
        "figures": [[name, help_text] for name, help_text in figures],
        "progress": progress(run),
        "height": height,
        **_modules(),
    }
    # Without a callback, the trigger would not run the page again.
    chart_component(key=key, data=data, on_status_change=lambda: None)
