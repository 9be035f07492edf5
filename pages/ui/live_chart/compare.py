"""The comparison chart: the curves of several runs over each other, in the live chart's own component."""

from pages.ui.keys import widget_key
from pages.ui.live_chart.component import chart_component, finite_or_none
from server.assets import asset_url
from server.guard import guard
from trainer import Run


def compare_chart(
    runs: list[Run],
    metrics: list[tuple[str, str]],
    colors: dict[str, str],
    labels: dict[str, str],
    *,
    key: str = widget_key("chart", "compare", page="runs"),
    height: int = 300,
) -> None:
    """Shows one panel per metric with one curve per run, and keeps live runs up to date.

    Only a change of a run's status runs the page again. Runs that have ended are
    loaded once and take no connection.

    Args:
        runs: the runs, in the order of the legend; 2 to about 20.
        metrics: (column, label) in the order of the panels. The validation values
            (`val_` + column) are in the same panel.
        colors: run id to "#rrggbb"; a run without a color has that of the text.
        labels: run id to what the legend calls it.
        key: the component's key.
        height: height of one panel in pixels, reserved before there are points.
    """
    data = {
        "module": asset_url("compare.js"),
        "plotly": asset_url("plotly.min.js"),
        "height": height,
        "panels": [[column, label] for column, label in metrics],
        "runs": [
            {
                "run": run.id,
                "token": guard.token(run.id),
                "name": labels[run.id],
                "status": run.status,
                "colour": colors.get(run.id, ""),
                "steps_per_epoch": finite_or_none(run.steps_per_epoch),
            }
            for run in runs
        ],
    }
    # Without a callback, the trigger would not run the page again.
    chart_component(key=key, data=data, on_status_change=lambda: None)
