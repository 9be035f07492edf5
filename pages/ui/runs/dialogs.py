"""The dialogs about several runs. An open one is drawn at each run of the page, so it keeps what was typed."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import count, escape_markdown
from trainer import RunStore, TrainerError
from trainer.runs.state import RunState

_OPEN = widget_key("list", "dialog", page="runs")  # [dialog, ids] while one is open
_MOST_NAMED = 8


def open_dialog(name: str, states: list[RunState]) -> None:
    """Opens a dialog and runs the page again.

    Args:
        name: "Tag" or "Delete".
        states: of the runs that it is about.
    """
    st.session_state[_OPEN] = [name, [state.id for state in states]]
    st.rerun(scope="app")


def draw_dialog(store: RunStore) -> None:
    """Draws the open dialog, if any. Call it from the page itself, never from a fragment."""
    name, ids = st.session_state.get(_OPEN, (None, ()))
    if not name:
        return
    states = [state for state in store.states() if state.id in set(ids)]
    if not states:
        _close()
        st.toast("These runs were deleted in the meantime.", icon=":material/info:")
    elif name == "Tag":
        _tag(store, states)
    else:
        _delete(store, states)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Tag the runs", on_dismiss=_close)
def _tag(store: RunStore, states: list[RunState]) -> None:
    st.markdown(_names(states))
    known = sorted({tag for state in store.states() for tag in state.tags}, key=str.casefold)
    used = sorted({tag for state in states for tag in state.tags}, key=str.casefold)
    with st.form(widget_key("tag", "form", page="runs"), border=False):
        added = st.multiselect(
            "Add", known, accept_new_options=True, placeholder="Choose a tag or type a new one",
            key=widget_key("tags", "add", page="runs"),
        )  # fmt: skip
        removed = st.multiselect(
            "Take away", used, placeholder="none", key=widget_key("tags", "remove", page="runs"), disabled=not used
        )
        is_sent = st.form_submit_button("Save tags", type="primary", key=widget_key("tags", "confirm", page="runs"))
    if is_sent:
        _finish(states, lambda state: _change_tags(store, state, added, removed))


def _change_tags(store: RunStore, state: RunState, added: list[str], removed: list[str]) -> None:
    run = store.get(state.id)
    # Read again: another tab may have changed them.
    tags = [tag for tag in run.tags if tag not in removed]
    run.annotate(tags=list(dict.fromkeys([*tags, *added])))


@st.dialog("Delete the runs?", on_dismiss=_close)
def _delete(store: RunStore, states: list[RunState]) -> None:
    live = [state for state in states if state.is_live]
    steps = sum(state.step for state in states)
    st.markdown(
        f"Delete {_names(states)}, with {count(steps, 'step')} of training, all checkpoints, curves and logs? This "
        "cannot be undone. Download what you want to keep first."
    )
    if live:
        st.warning(
            f"{count(len(live), 'run')} of these {'is' if len(live) == 1 else 'are'} running or waiting and will be "
            "stopped first.",
            icon=":material/stop_circle:",
        )
    with st.form(widget_key("delete", "form", page="runs"), border=False):
        is_sent = st.form_submit_button(
            f"Delete {count(len(states), 'run')} for good",
            type="primary",
            key=widget_key("delete", "confirm", page="runs"),
        )
    if is_sent:
        with st.spinner("Deleting"):
            _finish(states, lambda state: store.delete(state.id, stop=True))


def _finish(states: list[RunState], act) -> None:
    """Does something to each run; one refusal does not keep it from the others."""
    problems = []
    for state in states:
        try:
            act(state)
        except (TrainerError, OSError) as error:
            problems.append(f"{state.name}: {error}")
    if problems:
        st.error(escape_markdown(" ".join(problems)), icon=":material/error:")
        return
    _close()
    st.rerun(scope="app")


def _names(states: list[RunState]) -> str:
    named = ", ".join(f"**{escape_markdown(state.name)}**" for state in states[:_MOST_NAMED])
    more = len(states) - _MOST_NAMED
    return f"{named} and {count(more, 'more run')}" if more > 0 else named
