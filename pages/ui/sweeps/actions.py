"""What the buttons of a sweep do, and the dialog that deletes one."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import count, escape_markdown
from trainer import RunStore, TrainerError
from trainer.sweeps.state import RESUMABLE
from trainer.sweeps.sweep import Sweep
from trainer.sweeps.sweeps import Sweeps

_DELETING = widget_key("sweep", "dialog", page="sweep")
#: Runs of small models have saved by then, so the page shows the outcome at once.
_SECONDS_TO_FINISH = 1.0


def draw_buttons(store: RunStore, sweep: Sweep, status: str) -> None:
    """Draws Pause or Resume, Stop, and Delete."""
    is_pending = sweep.pending is not None
    if status in RESUMABLE:
        _button(sweep, "Resume", "resume", "play_arrow", status, False,
                "Continues with the runs that have no result yet, then with new ones.", "primary")  # fmt: skip
    else:
        help = "Its runs save a checkpoint and end. Resume whenever you like."
        is_off = status != "running" or is_pending
        _button(sweep, "Pause", "pause", "pause", status, is_off, help if not is_off else f"This sweep is {status}.")
    is_off = status not in ("running", "paused", "interrupted") or is_pending
    help = "Its runs save a checkpoint and end. The sweep can still be resumed."
    _button(sweep, "Stop", "stop", "stop", status, is_off, help if not is_off else f"This sweep is {status}.")
    is_off = status == "running"
    help = "Stop the sweep first." if is_off else "Asks before anything is deleted."
    if st.button("Delete", key=widget_key("sweep", "delete", page="sweep"), icon=":material/delete:", disabled=is_off,
                 help=help):  # fmt: skip
        st.session_state[_DELETING] = sweep.id
    if st.session_state.get(_DELETING) == sweep.id:
        _delete(store, sweep)


def _button(sweep: Sweep, label: str, verb: str, icon: str, seen: str, is_off: bool, help: str, type="secondary"):
    st.button(
        label, key=widget_key("sweep", verb, page="sweep"), icon=f":material/{icon}:", disabled=is_off, help=help,
        type=type, on_click=act, args=(sweep, verb, seen),
    )  # fmt: skip


def act(sweep: Sweep, command: str, seen: str) -> None:
    """Sends a command to a sweep, and tells the user if it had no effect.

    Args:
        sweep: the sweep.
        command: "pause", "stop" or "resume".
        seen: the status that the page showed.
    """
    try:
        outcome = getattr(sweep, command)(seen)
    except TrainerError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:", duration="long")
        return
    if not outcome.acted:
        st.toast(escape_markdown(outcome.message), icon=":material/info:")
    elif command != "resume":
        sweep.wait(_SECONDS_TO_FINISH)


def _close() -> None:
    st.session_state.pop(_DELETING, None)


@st.dialog("Delete the sweep?", on_dismiss=_close)
def _delete(store: RunStore, sweep: Sweep) -> None:
    runs = sum(state.sweep == sweep.id for state in store.states())
    st.markdown(
        f"Delete the sweep **{escape_markdown(sweep.name)}**: its settings, results and charts? This cannot be undone. "
        f"Its {count(runs, 'run')} stay in the list of runs unless you delete them too."
    )
    with st.form(widget_key("delete", "form", page="sweep"), border=False):
        with_runs = st.checkbox(f"Also delete its {count(runs, 'run')}, with their checkpoints",
                                key=widget_key("runs", "use", page="sweep"))  # fmt: skip
        is_sent = st.form_submit_button("Delete for good", type="primary",
                                        key=widget_key("delete", "confirm", page="sweep"))  # fmt: skip
    if is_sent:
        try:
            Sweeps.of(store).delete(sweep.id, with_runs)
        except (TrainerError, OSError) as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        _close()
        st.query_params.pop("sweep", None)
        st.rerun(scope="app")
