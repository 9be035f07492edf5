"""The Download menu: links to files that the server streams from disk."""

from __future__ import annotations

import time

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.sources import NEWEST, source_labels
from pages.ui.text import escape_markdown
from server.downloads import download_url, preparing
from trainer import EXPORTS, Run
from trainer.config.registry import Entry
from trainer.data.uploads import reference_in
from trainer.export import why_never

_GROUPS = {
    "model": "Trained model",
    "data": "Data of the run",
    "code": "Code and settings",
    "everything": "Everything",
}
#: What a run has before its first step.
_NEED_NO_STEP = ("config.json", "capsule.zip")
_WAIT = "Not available yet. Pause the run, or wait for its first checkpoint."
_ASKED = widget_key("download", "asked")  # [run id, when] of the last click on a link
#: Seconds after a click in which the request for the file arrives.
_ARRIVES = 3.0


def download_menu(run: Run) -> None:
    """Draws the menu. A file that is not available is disabled and says why."""
    # A fragment: opening the menu draws nothing else again.
    st.fragment(_menu)(run)


def _menu(run: Run) -> None:
    menu = st.popover("Download", icon=":material/download:", key=widget_key("run", "download"), on_change="rerun")
    with menu, st.container(width=560, gap="small"):
        labels = source_labels(run)
        source = _choose_source(labels)
        is_busy = _is_expected(run) or bool(preparing(run.id))
        st.fragment(_tell_progress, run_every=1.0 if is_busy else None)(run, is_busy)
        if not menu.open:
            return  # The links are half of the page's elements, and the chart would wait for them.
        for group, title in _GROUPS.items():
            st.markdown(f"**{title}**")
            for entry in EXPORTS.values():
                if entry.traits.group == group:
                    _link(run, entry, source, has_checkpoint=bool(labels))


def _link(run: Run, entry: Entry, source: str | None, has_checkpoint: bool) -> None:
    """Draws a link with what the file is for, or why there is none."""
    reason = why_never(run, entry.name)
    if not reason and entry.traits.source and not has_checkpoint:
        reason = _WAIT
    if not reason and not (run.step or entry.name in _NEED_NO_STEP):
        reason = _WAIT
    url = download_url(run.id, entry.name, source if entry.traits.source else None)
    link, about = st.columns([0.32, 0.68], vertical_alignment="center", gap="small")
    with about:
        st.caption(escape_markdown(reason) if reason else f"**{entry.label}.** {entry.help}")
        if entry.traits.can_include_data and reference_in(str(run.config.dataset_options.get("path", ""))):
            with_data = st.toggle(
                "With the data",
                key=widget_key("download_data", "use"),
                help="Puts the uploaded file into the capsule, so that the run can be resumed where it is not.",
            )
            url += "&data=1" * with_data
    link.link_button(
        entry.name,
        url,
        key=widget_key(entry.name.replace(".", "_"), "download"),
        disabled=bool(reason),
        width="stretch",
        on_click=_note_click,
        args=(run.id,),
    )


def _note_click(run_id: str) -> None:
    st.session_state[_ASKED] = (run_id, time.monotonic())


def _is_expected(run: Run) -> bool:
    """Returns whether a link was clicked so recently that its request may still be on the way."""
    asked_run, asked = st.session_state.get(_ASKED, (None, 0.0))
    return asked_run == run.id and time.monotonic() - asked < _ARRIVES


def _tell_progress(run: Run, was_busy: bool) -> None:
    """Says which files the server is preparing; ends its own polling when there are none."""
    if kinds := preparing(run.id):
        st.info(f"Preparing {', '.join(kinds)}. The download starts by itself.", icon=":material/hourglass_top:")
    elif was_busy and not _is_expected(run):
        st.rerun(scope="app")


def _choose_source(labels: dict[str, str]) -> str | None:
    """Draws the choice between best and newest; returns None before the first checkpoint."""
    if not labels:
        return None
    if list(labels) == [NEWEST]:
        st.caption(labels[NEWEST])
        return NEWEST
    return st.radio(
        "Weights",
        list(labels),
        format_func=labels.get,
        key=widget_key("source", "choose"),
        help="The state that models, weights and checkpoints are taken from. *Best*: the epoch with the best score. "
        "*Newest*: the last checkpoint.",
    )
