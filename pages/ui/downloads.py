"""The Download menu: links to files that the server streams from disk."""

import streamlit as st

from server.downloads import download_url
from trainer import EXPORTS, Run
from trainer.export import why_never

_NEED_CHECKPOINT = ("model.keras", "checkpoint.zip", "savedmodel.zip", "weights.h5")


def download_menu(run: Run) -> None:
    """Draws the menu; what the run cannot give yet is disabled and says why."""
    with st.popover("Download", icon=":material/download:", key="train_run_download"):
        is_saved = bool(run.checkpoints)
        for entry in EXPORTS.values():
            if why_never(run, entry.name):
                continue
            is_ready = (is_saved if entry.name in _NEED_CHECKPOINT else True) and (
                run.step or entry.name == "config.json"
            )
            st.link_button(
                f"{entry.label} · {entry.name}",
                download_url(run.id, entry.name),
                key=f"train_{entry.name.replace('.', '_')}_download",
                disabled=not is_ready,
                help=entry.help if is_ready else "Not yet: pause the run, or wait for its first checkpoint.",
                width="stretch",
            )
