"""One run: name, status, controls, progress and curves; the rest is in `details`."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.live_chart import live_chart
from pages.ui.run.actions import act, use_settings
from pages.ui.run.details import details
from pages.ui.run.dialogs import draw_dialog, open_dialog
from pages.ui.run.downloads import download_menu
from pages.ui.run.longer import EXTENDABLE
from pages.ui.run.measures import curves, figures
from pages.ui.run.recovery import offer_recovery
from pages.ui.run.sees.panel import sees_panel
from pages.ui.run.status import status_badge
from pages.ui.run.sweep_link import draw_sweep_link
from pages.ui.text import escape_markdown
from trainer import LOSSES, METRICS, MODELS, OPTIMIZERS, Run, RunStore, TrainerError
from trainer.runs.run import RESUMABLE

PREDICT_PAGE = "predict.py"
#: Curves and figures come another way. Each refresh of the rest costs every open tab some work.
_SECONDS_BETWEEN_DETAILS = 10.0


def run_view(store: RunStore, run: Run) -> None:
    """Draws a run and keeps it up to date while it is live."""
    try:
        _check_drawable(run)
    except TrainerError as error:
        _unreadable(store, run, error)
        return
    status = run.status
    _header(store, run, status)
    draw_sweep_link(store, run)
    if status == "failed":
        st.error(escape_markdown(run.reason), icon=":material/error:")
        offer_recovery(run)
    live_chart(run, metrics=curves(run), figures=figures(run))
    sees_panel(run)
    if status == "completed":
        _next_step(run)
    st.fragment(details, run_every=_SECONDS_BETWEEN_DETAILS if run.is_live else None)(run, status)


def _check_drawable(run: Run) -> None:
    """Raises TrainerError where config.json is unreadable or names something that is not in the catalog."""
    config = run.config
    for registry, names in (
        (MODELS, [config.model]),
        (OPTIMIZERS, [config.optimizer]),
        (LOSSES, [config.loss]),
        (METRICS, config.metrics),
    ):
        for name in names:
            _ = registry[name]


def _unreadable(store: RunStore, run: Run, error: TrainerError) -> None:
    """Draws what is known of a run whose configuration is damaged or from another version."""
    with st.container(horizontal=True, vertical_alignment="center", key=widget_key("run", "header")):
        st.subheader(escape_markdown(run.name), anchor=False, width="content")
        status_badge(run.status)
        st.space("stretch")
        if st.button("Delete", key=widget_key("unreadable", "delete"), icon=":material/delete:"):
            open_dialog("Delete", run)
    st.error(f"Cannot show this run: {escape_markdown(str(error))}", icon=":material/error:")
    if run.reason:
        st.info(escape_markdown(run.reason), icon=":material/info:")
    draw_dialog(store, run)


def _header(store: RunStore, run: Run, status: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=widget_key("run", "header")):
        st.subheader(escape_markdown(run.name), anchor=False, width="content")
        status_badge(status)
        if run.where == "cluster":
            st.badge("cluster", color="gray", help="It trains on the cluster, or did so last.")
        st.space("stretch")
        _control_buttons(run, status)
        download_menu(run)
        items = [
            "Use these settings",
            *(["Train longer"] if status in EXTENDABLE else []),
            *(["Resume from"] if status in RESUMABLE else []),
            *(["Try it"] if run.checkpoints else []),
            "Rename",
            "Delete",
        ]
        more = st.menu_button("More", items, key=widget_key("run", "more"), icon=":material/more_horiz:")
    if more == "Use these settings":
        use_settings(run)
    elif more == "Try it":
        st.switch_page(PREDICT_PAGE, query_params={"run": run.id})
    elif more:
        open_dialog(more, run)
    draw_dialog(store, run)


def _next_step(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Train longer",
            key=widget_key("run", "extend"),
            icon=":material/more_time:",
            help="Adds epochs and continues exactly where the run ended.",
            on_click=open_dialog,
            args=("Train longer", run),
        )
        st.page_link(PREDICT_PAGE, label="Try it", icon=":material/psychology:", query_params={"run": run.id})
        st.page_link("runs.py", label="Compare with other runs", icon=":material/compare_arrows:")


def _control_buttons(run: Run, status: str) -> None:
    pending = run.pending
    if status in RESUMABLE:
        st.button(
            "Resume",
            key=widget_key("run", "resume"),
            type="primary",
            icon=":material/play_arrow:",
            help="Continues exactly from the newest checkpoint"
            + (f", step {run.checkpoints[0].step:,}" if run.checkpoints else "")
            + ". To continue from the best epoch, choose More, then Resume from.",
            on_click=act,
            args=(run, "resume", status),
        )
    else:
        st.button(
            "Pause",
            key=widget_key("run", "pause"),
            icon=":material/pause:",
            disabled=not run.is_live or bool(pending),
            help=_about_pause(run),
            on_click=act,
            args=(run, "pause", status),
        )
    st.button(
        "Stop",
        key=widget_key("run", "stop"),
        icon=":material/stop:",
        disabled=not (run.is_live or status == "paused") or bool(pending),
        help=_about_stop(run),
        on_click=act,
        args=(run, "stop", status),
    )


def _about_pause(run: Run) -> str:
    if run.status == "queued" and run.is_waiting:
        return "Takes the run out of the queue. Resume whenever you like."
    return "Saves a checkpoint and frees the machine. Resume whenever you like." if run.is_live else _why_not(run)


def _about_stop(run: Run) -> str:
    if run.status == "queued" and run.is_waiting:
        return "Takes the run out of the queue. It can still be resumed."
    return "Saves a checkpoint and ends the run. It can still be resumed." if run.is_live else _why_not(run)


def _why_not(run: Run) -> str:
    return f"This run is {run.status}."
