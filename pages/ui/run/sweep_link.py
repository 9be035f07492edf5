"""The link from a run to the sweep that it belongs to."""

from __future__ import annotations

import streamlit as st

from pages.ui.text import escape_markdown
from trainer import Run, RunStore, TrainerError
from trainer.sweeps.sweeps import Sweeps


def draw_sweep_link(store: RunStore, run: Run) -> None:
    """Draws the link; nothing for a run of its own, or where the sweep was deleted."""
    if run.state.sweep is None:
        return
    try:
        sweep = Sweeps.of(store).get(run.state.sweep)
        label = f"Sweep {escape_markdown(sweep.name)}"
    except TrainerError:
        return
    st.page_link("runs.py", label=label, icon=":material/instant_mix:", query_params={"sweep": sweep.id})
