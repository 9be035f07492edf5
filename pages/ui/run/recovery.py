"""The way out of a divergence: continue from a healthy checkpoint with a smaller learning rate."""

import streamlit as st

from pages.ui.run.actions import act
from trainer import Run

#: The new learning rate is this part of the old one.
_FACTOR = 0.1


def offer_recovery(run: Run) -> None:
    """Draws the button, if a diverged run has a checkpoint to continue from."""
    learning_rate = run.current_config.optimizer_options.get("learning_rate")
    healthy = run.healthy_checkpoint if run.has_diverged and learning_rate else None
    if healthy is None:
        return
    st.button(
        f"Continue from step {healthy.step:,} with learning rate {learning_rate * _FACTOR:.3g}",
        key="train_run_recover",
        icon=":material/healing:",
        help="Resuming without a change would diverge again at the same step. Later steps and checkpoints are deleted.",
        on_click=act,
        args=(run, "resume", run.status, healthy.step, learning_rate * _FACTOR),
    )
