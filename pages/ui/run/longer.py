"""Train longer: adds epochs to a run that has ended."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.actions import act
from pages.ui.text import count, escape_markdown
from trainer import Run
from trainer.runs.extending import depends_on_total

#: Statuses of runs that can be given more epochs.
EXTENDABLE = ("completed", "stopped", "paused")
_MOST_EPOCHS = 1_000_000


def draw_longer(run: Run) -> bool:
    """Draws the contents of the dialog; returns whether the run was continued.

    Args:
        run: the run.
    """
    name = escape_markdown(run.name)
    if run.status not in EXTENDABLE:
        st.markdown(f"**{name}** is {run.status}: it cannot be given more epochs now.")
        return False
    epochs = run.epochs
    st.markdown(f"**{name}** has trained {count(run.epoch, 'epoch')} of {epochs:,}.")
    with st.form(widget_key("longer", "form"), border=False):
        more = st.number_input(
            "Additional epochs",
            min_value=1,
            max_value=max(1, _MOST_EPOCHS - epochs),
            value=min(epochs, max(1, _MOST_EPOCHS - epochs)),
            step=1,
            key=widget_key("longer", "epochs"),
            help="Added to the epochs of this run. It continues exactly where it ended.",
        )
        reason = depends_on_total(run.current_config)
        if reason:
            st.info(escape_markdown(reason), icon=":material/info:")
        else:
            st.caption("The result is bit-identical to a run with this many epochs from the start.")
        is_sent = st.form_submit_button("Train longer", type="primary", key=widget_key("longer", "confirm"))
    if is_sent:
        act(run, "resume", run.status, epochs=epochs + int(more))
    return is_sent
