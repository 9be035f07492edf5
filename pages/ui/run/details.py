"""The tabs under a run's curves: summary, evaluation, model, checkpoints, log and configuration."""

from __future__ import annotations

import importlib

import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.actions import act
from pages.ui.run.class_table import class_table
from pages.ui.run.sources import describe_later
from pages.ui.run.summary import summary
from pages.ui.text import escape_markdown, format_age, format_bytes
from trainer import Run
from trainer.runs.run import RESUMABLE

_LOG_TAIL = 20_000
#: Until the first epoch ends: then the summary has something to say.
_SECONDS_AT_FIRST = 1.5
#: Tabs that compute: title → module and function.
_COMPUTED = {
    "Evaluation": ("pages.ui.run.evaluation.tab", "evaluation"),
    "Model": ("pages.ui.run.model.tab", "model_tab"),
    "What mattered": ("pages.ui.run.mattered.tab", "what_mattered"),
}


def details(run: Run, drawn_status: str) -> None:
    """Draws the tabs, each while it is open; runs the whole page again when what is above them has changed.

    Args:
        run: the run.
        drawn_status: the status that the page shows.
    """
    run.refresh()
    # The chart reports a change at once. For a run that another process trains, this is the only check.
    if run.status != drawn_status:
        st.rerun(scope="app")
    if run.reason and run.status != "failed":
        st.info(escape_markdown(run.reason), icon=":material/info:")
    for note in run.notes:
        st.warning(escape_markdown(note), icon=":material/warning:")
    at_once = {"Summary": _summary, "Checkpoints": _checkpoints, "Log": _log, "Configuration": _configuration}
    names = ["Summary", *_COMPUTED, "Checkpoints", "Log", "Configuration"]
    key = widget_key("details", "select")
    for name, tab in zip(names, st.tabs(names, key=key, on_change="rerun"), strict=True):
        if not tab.open:
            continue
        with tab:
            if name in at_once:
                at_once[name](run)
            else:
                # Imported when it is first opened, so that the first page does not wait for it. A fragment, so that
                # a choice in it draws nothing else again.
                module, function = _COMPUTED[name]
                st.fragment(getattr(importlib.import_module(module), function))(run)


def _summary(run: Run) -> None:
    is_young = run.is_live and not len(run.history.epochs)
    st.fragment(summary, run_every=_SECONDS_AT_FIRST if is_young else None)(run)
    class_table(run)


def _log(run: Run) -> None:
    path = run.path / "log.txt"
    text = path.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:] if path.exists() else ""
    st.code(text or "Nothing yet.", language=None, height=240)


def _configuration(run: Run) -> None:
    # Highlighting would be computed again at each refresh.
    st.code(run.config.to_json(), language=None if run.is_live else "json", height=320)


def _checkpoints(run: Run) -> None:
    saved, best = run.checkpoints, run.best_step
    if not saved:
        st.caption("No checkpoint yet. One is written every "
                   f"{run.config.checkpoint_seconds:g} s, and when the run pauses or ends.")  # fmt: skip
        return
    frame = pd.DataFrame(
        {
            "Step": [checkpoint.step for checkpoint in saved],
            "Epoch": [checkpoint.manifest.get("epoch") for checkpoint in saved],
            "Saved": [format_age(checkpoint.manifest["created"]) for checkpoint in saved],
            "Size": [format_bytes(checkpoint.manifest["files"]["state.npz"]["size"]) for checkpoint in saved],
            "Best": [checkpoint.step == best for checkpoint in saved],
            "Digest": [checkpoint.digest[:16] for checkpoint in saved],
        }
    )
    st.dataframe(frame, hide_index=True, column_config={"Step": st.column_config.NumberColumn(format="localized")})
    if run.status in RESUMABLE and len(saved) > 1:
        labels = {c.step: f"Step {c.step:,}{' (best)' * (c.step == best)}" for c in saved}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            step = st.selectbox(
                "Resume from", list(labels), format_func=labels.get, key=widget_key("checkpoint", "select")
            )
            st.button(
                "Resume from here",
                key=widget_key("checkpoint", "resume"),
                help=f"Deletes {describe_later(run, step)}.",
                on_click=act,
                args=(run, "resume", run.status, step),
            )
