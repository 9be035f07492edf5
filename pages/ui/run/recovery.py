"""Recovery from divergence: continue from a healthy checkpoint with a smaller learning rate."""

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.actions import act
from pages.ui.run.sources import describe_later
from trainer import Run

#: New learning rate over old.
_FACTOR = 0.1


def offer_recovery(run: Run) -> None:
    """Draws the button if the run has diverged and has a healthy checkpoint."""
    learning_rate = run.current_config.optimizer_options.get("learning_rate")
    healthy = run.healthy_checkpoint if run.has_diverged and learning_rate else None
    if healthy is None:
        return
    st.button(
        f"Continue from step {healthy.step:,} with learning rate {learning_rate * _FACTOR:.3g}",
        key=widget_key("run", "recover"),
        icon=":material/healing:",
        help="Without a change, the run would diverge again at the same step. "
        f"Deletes {describe_later(run, healthy.step)}.",
        on_click=act,
        args=(run, "resume", run.status, healthy.step, learning_rate * _FACTOR),
    )
