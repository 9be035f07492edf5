"""Which checkpoint a tab looks at: chosen once while the run is live, followed by itself afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.sources import NEWEST, source_labels
from trainer import Run


@dataclass(frozen=True)
class Chosen:
    """A checkpoint to look at.

    Attributes:
        digest: of its state.
        step: of the checkpoint.
    """

    digest: str
    step: int


def choose_checkpoint(run: Run, noun: str, verb: str) -> Chosen | None:
    """Draws the selector of checkpoints and returns the chosen one; None if nobody has asked yet.

    While the run is live a new checkpoint comes every few seconds. Then the numbers stay those of the checkpoint that
    was asked for, and a button offers the newer one.

    Args:
        run: with at least one checkpoint.
        noun: of the widget keys: "evaluation".
        verb: on the button: "Evaluate".
    """
    labels, key = source_labels(run), widget_key(noun, "source")
    if st.session_state.get(key) not in labels:
        st.session_state[key] = NEWEST if run.is_live else next(iter(labels))
    source = st.selectbox(
        "Checkpoint",
        list(labels),
        format_func=labels.get,
        key=key,
        width=330,
        help="The best one has the best value of the run's monitored quantity. A download holds the same weights.",
    )
    found = run.find_checkpoint(source)
    if found is None:
        return None
    current = Chosen(found.digest, found.step)
    if not run.is_live:
        return current
    asked = st.session_state.get(_asked_key(noun))
    asked = asked[2] if asked and asked[:2] == (run.id, source) else None
    if asked == current:
        return asked
    which = "newest" if source == NEWEST else "best"
    st.button(
        f"{verb} the {which} checkpoint" if asked else verb,
        key=widget_key(noun, "ask"),
        icon=":material/refresh:" if asked else ":material/play_arrow:",
        type="secondary" if asked else "primary",
        help=f"Shows step {asked.step:,}. Step {current.step:,} is there now."
        if asked
        else "Works beside the training, in a tenth of the time of one processor.",
        on_click=_ask,
        args=(noun, run.id, source, current),
    )
    return asked


def _asked_key(noun: str) -> str:
    return widget_key(noun, "asked")


def _ask(noun: str, run_id: str, source: str, chosen: Chosen) -> None:
    st.session_state[_asked_key(noun)] = (run_id, source, chosen)
