"""The runs that train and wait beside the run shown, with what each waits for."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.actions import act
from pages.ui.run.status import status_badge
from pages.ui.text import escape_markdown, format_duration
from trainer import Run, RunStore, TrainerError
from trainer.runs.state import RunState

_SECONDS = 1.0
_MOST_SHOWN = 8


def queue_panel(store: RunStore, shown: Run | None) -> None:
    """Draws the panel and keeps it up to date; nothing if no other run trains or waits.

    Args:
        store: of the runs.
        shown: the run that the page shows, or None.
    """
    shown_id = shown.id if shown else None
    ids = _live_ids(store)
    if set(ids) - {shown_id}:
        st.fragment(_draw, run_every=_SECONDS)(store, shown_id, ids)


def running_states(store: RunStore) -> list[RunState]:
    """Returns the runs that train, the longest first."""
    return [state for state in reversed(store.states()) if state.status == "running" and not state.is_damaged]


def _live_ids(store: RunStore) -> list[str]:
    return [*(state.id for state in running_states(store)), *(run.id for run in store.queue())]


def _draw(store: RunStore, shown_id: str | None, drawn: list[str]) -> None:
    running, waiting = running_states(store), store.queue()
    if {*(state.id for state in running), *(run.id for run in waiting)} != set(drawn):
        st.rerun(scope="app")
    with st.container(border=True, gap="xxsmall", key=widget_key("queue", "panel")):
        st.markdown("##### Running and waiting")
        for state in running:
            with _row():
                _open_button(state.id, state.name, shown_id)
                status_badge(state.status)
                st.caption(_progress(state), width="content")
        for place, run in enumerate(waiting[:_MOST_SHOWN]):
            with _row():
                _open_button(run.id, run.name, shown_id)
                status_badge("queued")
                st.caption(escape_markdown(run.phase or "Waiting for its device"), width="content")
                st.space("stretch")
                _move_button(store, run, "Up", "up", place - 1, place == 0)
                _move_button(store, run, "Down", "down", place + 1, place == len(waiting) - 1)
                st.button(
                    "Cancel",
                    key=widget_key(run.id, "cancel"),
                    icon=":material/close:",
                    type="tertiary",
                    help="Takes the run out of the queue. Its settings stay, and it can be resumed.",
                    on_click=act,
                    args=(run, "stop", "queued"),
                )
        if len(waiting) > _MOST_SHOWN:
            st.caption(f"{len(waiting) - _MOST_SHOWN:,} more wait. The Runs page shows all.")


def _row():
    return st.container(horizontal=True, vertical_alignment="center", gap="small")


def _open_button(id: str, name: str, shown_id: str | None) -> None:
    is_shown = id == shown_id
    if st.button(
        escape_markdown(name),
        key=widget_key(id, "show"),
        type="tertiary",
        disabled=is_shown,
        help="This run is shown below." if is_shown else "Shows this run.",
    ):
        st.query_params["run"] = id
        st.rerun(scope="app")


def _move_button(store: RunStore, run: Run, label: str, verb: str, place: int, is_last: bool) -> None:
    st.button(
        label,
        key=widget_key(run.id, verb),
        icon=f":material/arrow_{verb}ward:",
        type="tertiary",
        disabled=is_last,
        help=f"Moves the run one place {verb} in the queue.",
        on_click=_move,
        args=(store, run.id, place),
    )


def _move(store: RunStore, run_id: str, place: int) -> None:
    try:
        outcome = store.move(run_id, place)
    except TrainerError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
        return
    if not outcome.acted:
        st.toast(escape_markdown(outcome.message), icon=":material/info:")


def _progress(state: RunState) -> str:
    if not state.total_steps or not state.step:
        return escape_markdown(state.phase or "Starting")
    left = f" · {format_duration(state.seconds_left)} left" if state.seconds_left is not None else ""
    return f"{100 * state.step // state.total_steps} % · epoch {state.epoch:,} of {state.epochs:,}{left}"
