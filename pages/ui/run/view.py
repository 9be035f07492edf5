"""One run: name, status, controls, progress, curves and what it left behind."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.ui.live_chart import live_chart
from pages.ui.numbers import format_number
from pages.ui.run.actions import act, use_settings
from pages.ui.run.class_table import class_table
from pages.ui.run.dialogs import draw_dialog, open_dialog
from pages.ui.run.downloads import download_menu
from pages.ui.run.recovery import offer_recovery
from pages.ui.run.status import status_badge
from pages.ui.run.summary import summary
from pages.ui.run.units import explain_loss, loss_unit, unit_of
from pages.ui.text import escape_markdown, format_age, format_bytes
from trainer import LOSSES, METRICS, MODELS, OPTIMIZERS, Run, RunStore, TrainerError
from trainer.runs.run import RESUMABLE
from trainer.runs.samples import list_samples

_LOG_TAIL = 20_000
#: Curves and figures come by another way; each refresh of the rest costs every open tab some work.
_SECONDS_BETWEEN_DETAILS = 10.0
#: Until the first epoch is over: then the summary has something to say.
_SECONDS_AT_FIRST = 1.5


def run_view(store: RunStore, run: Run) -> None:
    """Draws a run and keeps it fresh while it is live."""
    try:
        _check_drawable(run)
    except TrainerError as error:
        _unreadable(store, run, error)
        return
    status = run.status
    _header(store, run, status)
    if status == "failed":
        st.error(escape_markdown(run.reason), icon=":material/error:")
        offer_recovery(run)
    live_chart(run, metrics=curves(run), figures=figures(run))
    is_young = not len(run.history.epochs)
    every = _SECONDS_AT_FIRST if is_young else _SECONDS_BETWEEN_DETAILS
    st.fragment(_details, run_every=every if run.is_live else None)(run, status, is_young)


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
    """Draws what can be said about a run whose recipe is damaged or of another version."""
    with st.container(horizontal=True, vertical_alignment="center", key="train_run_header"):
        st.subheader(escape_markdown(run.name), anchor=False, width="content")
        status_badge(run.status)
        st.space("stretch")
        if st.button("Delete", key="train_unreadable_delete", icon=":material/delete:"):
            open_dialog("Delete", run)
    st.error(f"This run cannot be shown: {escape_markdown(str(error))}", icon=":material/error:")
    if run.reason:
        st.info(escape_markdown(run.reason), icon=":material/info:")
    draw_dialog(store, run)


def curves(run: Run) -> list[tuple[str, ...]]:
    """Returns the columns to draw with their labels and units: losses first, each loss of a GAN by itself."""
    losses = measured_losses(run)
    shown = losses[1:] or losses
    named = [(name, METRICS[name].label.lower()) for name in run.config.metrics]
    return [*((name, name.replace("_", " "), *loss_unit(run)) for name in shown), *named]


def measured_losses(run: Run) -> tuple[str, ...]:
    """Returns the losses that the model's learner measures: "loss", and its parts if it has some."""
    return MODELS[run.config.model].traits.get("losses", ("loss",))


def _header(store: RunStore, run: Run, status: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="train_run_header"):
        st.subheader(escape_markdown(run.name), anchor=False, width="content")
        status_badge(status)
        st.space("stretch")
        _control_buttons(run, status)
        download_menu(run)
        items = ["Use these settings", *(["Resume from"] if status in RESUMABLE else []), "Rename", "Delete"]
        more = st.menu_button("More", items, key="train_run_more", icon=":material/more_horiz:")
    if more == "Use these settings":
        use_settings(run)
    elif more:
        open_dialog(more, run)
    draw_dialog(store, run)


def _control_buttons(run: Run, status: str) -> None:
    pending = run.pending
    if status in RESUMABLE:
        st.button(
            "Resume",
            key="train_run_resume",
            type="primary",
            icon=":material/play_arrow:",
            help="Continue exactly from the newest checkpoint"
            + (f", step {run.checkpoints[0].step:,}" if run.checkpoints else "")
            + ". To continue from the best epoch: More, Resume from.",
            on_click=act,
            args=(run, "resume", status),
        )
    else:
        st.button(
            "Pause",
            key="train_run_pause",
            icon=":material/pause:",
            disabled=not run.is_live or bool(pending),
            help="Save a checkpoint and free the machine; go on whenever you like." if run.is_live else _why_not(run),
            on_click=act,
            args=(run, "pause", status),
        )
    st.button(
        "Stop",
        key="train_run_stop",
        icon=":material/stop:",
        disabled=not (run.is_live or status == "paused") or bool(pending),
        help="Save a checkpoint and end the run. It can still be resumed." if run.is_live else _why_not(run),
        on_click=act,
        args=(run, "stop", status),
    )


def _why_not(run: Run) -> str:
    return f"This run is {run.status}."


def figures(run: Run) -> list[tuple[str, str]]:
    """Returns the values to show above the curves, each with what it is."""
    losses = measured_losses(run)
    names = [*(losses[1:] or losses), *run.config.metrics][:3]
    shown = []
    for name in names:
        meaning = explain_loss(run.config, run.spec) if name == "loss" else unit_of(name, run.config).strip("()")
        meaning = f" {meaning[:1].upper()}{meaning[1:]}".rstrip()
        known = run.spec.baselines if run.spec else {}
        train, validation = (
            f" Baseline of a constant guess: {format_number(known[key])}." if key in known else ""
            for key in (name, f"val_{name}")
        )
        mean = "Mean over the batches of the last whole epoch; before that, over the newest batches."
        shown.append((name, mean + meaning + train))
        if run.config.validation_split > 0:
            shown.append(
                (f"val_{name}", "Over the whole validation split, after the last whole epoch." + meaning + validation)
            )
    tested = [f"test_{name}" for name in names if f"test_{name}" in run.last_metrics]
    return shown + [(name, "Over the whole test split, at the end of the run.") for name in tested]


def _details(run: Run, drawn_status: str, was_young: bool) -> None:
    run.refresh()
    # The chart tells of a change at once; a run that another process trains is only seen here.
    if run.status != drawn_status or (was_young and len(run.history.epochs)):
        st.rerun(scope="app")
    if run.reason and run.status != "failed":
        st.info(escape_markdown(run.reason), icon=":material/info:")
    for note in run.notes:
        st.warning(escape_markdown(note), icon=":material/warning:")
    pictures = list_samples(run.path / "samples")
    names = ["Summary", *(["Samples"] if pictures else []), "Checkpoints", "Log", "Configuration"]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    checkpoints, log, configuration = (tabs[name] for name in names[-3:])
    with tabs["Summary"]:
        summary(run)
        class_table(run)
    if pictures:
        with tabs["Samples"]:
            _samples(pictures, run.is_live)
    with checkpoints:
        _checkpoints(run)
    with log:
        path = run.path / "log.txt"
        text = path.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:] if path.exists() else ""
        st.code(text or "Nothing yet.", language=None, height=240)
    with configuration:
        # Colours would be computed anew at each refresh, in a tab that nobody may be looking at.
        st.code(run.config.to_json(), language=None if run.is_live else "json", height=320)


def _samples(pictures: list[Path], is_live: bool) -> None:
    """Shows the newest picture while the run is live, and lets one look back afterwards."""
    by_epoch = {int(path.stem.partition("-")[2]): path for path in reversed(pictures)}
    epoch = max(by_epoch)
    if not is_live and len(by_epoch) > 1:
        epoch = st.select_slider("epoch", list(by_epoch), value=epoch, key="train_samples_select")
    st.image(by_epoch[epoch].read_bytes(), caption=f"What the model makes after epoch {epoch}.", width=640)


def _checkpoints(run: Run) -> None:
    saved, best = run.checkpoints, run.best_step
    if not saved:
        st.caption("No checkpoint yet: one is written every "
                   f"{run.config.checkpoint_seconds:g} s, and whenever the run pauses or ends.")  # fmt: skip
        return
    frame = pd.DataFrame(
        {
            "step": [checkpoint.step for checkpoint in saved],
            "epoch": [checkpoint.manifest.get("epoch") for checkpoint in saved],
            "saved": [format_age(checkpoint.manifest["created"]) for checkpoint in saved],
            "size": [format_bytes(checkpoint.manifest["files"]["state.npz"]["size"]) for checkpoint in saved],
            "best": [checkpoint.step == best for checkpoint in saved],
            "digest": [checkpoint.digest[:16] for checkpoint in saved],
        }
    )
    st.dataframe(frame, hide_index=True, column_config={"step": st.column_config.NumberColumn(format="localized")})
    if run.status in RESUMABLE and len(saved) > 1:
        labels = {c.step: f"step {c.step:,}{' (best)' * (c.step == best)}" for c in saved}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            step = st.selectbox("Resume from", list(labels), format_func=labels.get, key="train_checkpoint_select")
            st.button(
                "Resume from here",
                key="train_checkpoint_resume",
                help="Deletes all later steps and checkpoints.",
                on_click=act,
                args=(run, "resume", run.status, step),
            )
