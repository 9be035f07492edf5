"""The Download menu: links to files that the server streams from disk."""

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.sources import NEWEST, source_labels
from server.downloads import download_url
from trainer import EXPORTS, Run
from trainer.config.registry import Entry
from trainer.export import why_never

_NEED_CHECKPOINT = ("model.keras", "checkpoint.zip", "savedmodel.zip", "weights.h5")


def download_menu(run: Run) -> None:
    """Draws the menu. A file that is not available yet is disabled and says why."""
    with st.popover("Download", icon=":material/download:", key=widget_key("run", "download")):
        labels = source_labels(run)
        entries = [entry for entry in EXPORTS.values() if not why_never(run, entry.name)]
        source = _choose_source(labels) if any(_has_source(entry) for entry in entries) else None
        for entry in entries:
            is_ready = bool(labels or entry.name not in _NEED_CHECKPOINT) and (run.step or entry.name == "config.json")
            chosen = f"&from={source}" if source and _has_source(entry) else ""
            st.link_button(
                f"{entry.label} · {entry.name}",
                download_url(run.id, entry.name) + chosen,
                key=widget_key(entry.name.replace(".", "_"), "download"),
                disabled=not is_ready,
                help=entry.help if is_ready else "Not available yet. Pause the run, or wait for its first checkpoint.",
                width="stretch",
            )


def _has_source(entry: Entry) -> bool:
    """Returns whether a file is made from one checkpoint, which can be chosen."""
    return entry.traits.source is not None


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
