"""What the Train form holds: the settings of the run shown, or a draft that a person has changed.

The draft is kept on the server under the id that the address names (`?draft=…`), so it survives a reload, a page
switch and a restart of the server. Without changes there is no draft, and the form follows the run shown.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.form.drafts import delete_draft, load_draft, new_draft_id, save_draft
from pages.ui.form.form import fill_form
from trainer import Run, RunConfig, RunStore, TrainerError

#: How the form opens.
FIRST = {"dataset": "digits", "model": "mlp"}
#: Of the keys `train_noun_verb`: what a person sets, and what the page itself has put there.
_SET_BY_PEOPLE = ("_set", "_select", "_use")
_VERBS = (*_SET_BY_PEOPLE, "_chosen", "_suggested")
_NOT_IN_FORM = ("train_checkpoint_select", "train_samples_select")

_BASE = "train_form_base"  # widget key → value, as the form was last filled by a run
_RUN = "train_form_run"  # id of that run, or ""
_KEPT = "train_form_kept"  # widget key → value, as of the last look
_DRAFT = "train_form_draft"  # id of the draft


def open_form(store: RunStore) -> None:
    """Fills the form in a new session, from its draft if the address names one; else keeps the draft up to date.

    Call it on every page, before anything is drawn: the pages share these settings.
    """
    state = st.session_state
    if _BASE not in state and not _restore(store, st.query_params.get("draft", "")):
        fill_form(RunConfig(**FIRST))
        settle("")
    # A widget that the last page did not draw may have lost its value.
    for key, value in state[_KEPT].items():
        if key not in state:
            state[key] = value
    _keep(store)


def follow(run: Run | None) -> None:
    """Fills the form with the settings of the run shown, unless it holds a draft."""
    if run is not None and run.id != st.session_state[_RUN] and not is_draft():
        mirror(run)


def mirror(run: Run) -> str | None:
    """Fills the form with a run's settings and drops the draft; returns why this cannot be done, or None."""
    try:
        fill_form(run.config)
    except TrainerError as error:
        return str(error)
    settle(run.id)
    return None


def settle(run_id: str) -> None:
    """Takes the form as it is now for the settings of a run; "" for the form as it opens."""
    state = st.session_state
    state[_BASE] = state[_KEPT] = _values()
    state[_RUN] = run_id


def is_draft() -> bool:
    """Returns whether a person has changed the form since it was filled."""
    state = st.session_state
    return any(state.get(key, value) != value for key, value in state[_BASE].items() if key.endswith(_SET_BY_PEOPLE))


def _values() -> dict[str, Any]:
    return {
        key: value
        for key, value in st.session_state.items()
        if isinstance(key, str) and key.startswith("train_") and key.endswith(_VERBS) and key not in _NOT_IN_FORM
    }


def _keep(store: RunStore) -> None:
    """Saves a draft that has changed, and names it in the address; forgets one that is no longer needed."""
    state, folder, values = st.session_state, _folder(store), _values()
    if not is_draft():
        if id := state.pop(_DRAFT, None):
            delete_draft(folder, id)
        st.query_params.pop("draft", None)
        state[_KEPT] = values
        return
    if _DRAFT not in state or values != state[_KEPT]:
        state[_DRAFT] = state.get(_DRAFT) or new_draft_id()
        save_draft(folder, state[_DRAFT], {"run": state[_RUN], "base": state[_BASE], "values": values})
    if st.query_params.get("draft") != state[_DRAFT]:
        st.query_params["draft"] = state[_DRAFT]
    state[_KEPT] = values


def _restore(store: RunStore, id: str) -> bool:
    draft = load_draft(_folder(store), id)
    if not draft or not {"run", "base", "values"} <= draft.keys():
        return False
    state = st.session_state
    for key, value in draft["values"].items():
        state[key] = value
    state[_BASE], state[_KEPT], state[_RUN], state[_DRAFT] = draft["base"], draft["values"], draft["run"], id
    return True


def _folder(store: RunStore):
    return store.path / ".drafts"
