"""The tab: what a checkpoint's predictions depend on, by a method that fits the data."""

from __future__ import annotations

import streamlit as st

from pages.ui.catalogue import is_gone
from pages.ui.run.checkpoint_choice import choose_checkpoint
from pages.ui.run.evaluation.tab import choose_split
from pages.ui.run.mattered.columns import columns_view
from pages.ui.run.mattered.inputs import inputs_view
from pages.ui.text import escape_markdown
from trainer import Run
from trainer.analysis.attribution.suitability import kind_of, why_not_attributed


def what_mattered(run: Run) -> None:
    """Draws what mattered, or why nothing can be said about it."""
    if reason := why_not_attributed(run):
        st.info(escape_markdown(reason), icon=":material/info:")
        return
    if is_gone(run):
        st.info(
            "The data set of this run was deleted, so there are no examples to explain. Upload the same file again.",
            icon=":material/database_off:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choose_split(run, "mattered")
        chosen = choose_checkpoint(run, "mattered", "Explain")
    if chosen is None:
        st.caption("Choose Explain to see which inputs the predictions of this checkpoint depend on.")
        return
    view = columns_view if kind_of(run) == "table" else inputs_view
    view(run, chosen, split)
