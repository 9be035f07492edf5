"""Which checkpoint and which split a tab looks at; a checkpoint is chosen once while the run is live."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui.catalogue import is_gone
from pages.ui.keys import widget_key
from pages.ui.run.sources import NEWEST, source_labels
from pages.ui.text import count, escape_markdown
from trainer import Run
from trainer.analysis.run_data import split_sizes


@dataclass(frozen=True)
class Chosen:
    """A checkpoint to look at.

    Attributes:
        digest: of its state.
        step: of the checkpoint.
    """

    digest: str
    step: int


def choose(run: Run, reason: str | None, noun: str, verb: str, doing: str) -> tuple[str, Chosen] | None:
    """Draws the selectors of split and checkpoint and returns both; None after saying why there is nothing to look at.

    Args:
        run: one that has started.
        reason: why there is nothing, as a sentence; None: there is.
        noun, verb: see `choose_checkpoint`.
        doing: what the button does, as a clause: "see how good this checkpoint is".
    """
    if reason:
        st.info(escape_markdown(reason), icon=":material/info:")
        return None
    if is_gone(run):
        st.info(
            "The data set of this run was deleted, so there are no examples to look at. Upload the same file again.",
            icon=":material/database_off:",
        )
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = _choose_split(run, noun)
        chosen = choose_checkpoint(run, noun, verb)
    if chosen is None:
        st.caption(f"Choose {verb} to {doing}.")
        return None
    return split, chosen


def _choose_split(run: Run, noun: str) -> str:
    """Draws the selector of splits and returns the chosen one.

    Args:
        run: one that has started.
        noun: of the widget key.
    """
    sizes, key = split_sizes(run), widget_key(noun, "split")
    if st.session_state.get(key) not in sizes:
        st.session_state[key] = next(iter(sizes))
    return st.selectbox(
        "Split",
        list(sizes),
        format_func=lambda name: f"{name.capitalize()} ({count(sizes[name], 'example')})",
        key=key,
        width=250,
        help="The test split was never used in training. The validation split has chosen the best epoch, so its "
        "numbers are slightly too good.",
    )


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
