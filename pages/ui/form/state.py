"""The state of the Train form: the settings of the run shown, or a draft with the user's changes.

The draft is stored on the server under the id in the URL (`?draft=…`), so it survives a reload, a page switch and a
restart of the server. Without changes there is no draft, and the form follows the run shown.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.form.drafts import delete_draft, load_draft, new_draft_id, save_draft
from pages.ui.form.form import fill_form
from pages.ui.keys import widget_key
from trainer import Run, RunConfig, RunStore, TrainerError

#: The form as it opens.
FIRST = {"dataset": "digits", "model": "mlp"}
#: Endings of widget keys: set by the user; set by the user or the page.
_SET_BY_USER = ("_set", "_select", "_use")
_VERBS = (*_SET_BY_USER, "_chosen", "_suggested")
#: How keys begin that are no settings: those of the run view, and where a run trains, which changes no number.
_NOT_IN_FORM = tuple(
    widget_key(noun, "") for noun in ("checkpoint", "details", "download", "evaluation", "mattered", "where")
)

_BASE = "train_form_base"  # widget key → value, as last filled from a run
_RUN = "train_form_run"  # id of that run, or ""
_SAVED = "train_form_saved"  # widget key → value, at the last run of the page
_DRAFT = "train_form_draft"  # id of the draft


def open_form(store: RunStore) -> None:
    """Fills the form of a new session, from the draft in the URL if any. Later, keeps the draft up to date.

    Call it on every page before anything is drawn: the pages share these settings.
    """
    state = st.session_state
    if _BASE not in state and not _restore(store, st.query_params.get("draft", "")):
        fill_form(RunConfig(**FIRST))
        settle("")
    # A widget that the previous page did not draw may have lost its value.
    for key, value in state[_SAVED].items():
        if key not in state:
            state[key] = value
    _save(store)


def follow(run: Run | None) -> None:
    """Fills the form with the settings of the run shown, unless there is a draft."""
    if run is not None and run.id != st.session_state[_RUN] and not is_draft():
        mirror(run)


def mirror(run: Run) -> str | None:
    """Fills the form with a run's settings and drops the draft. Returns the problem, or None."""
    try:
        fill_form(run.config)
    except TrainerError as error:
        return str(error)
    settle(run.id)
    return None


def settle(run_id: str) -> None:
    """Records that the form now holds the settings of a run; "" for the form as it opens."""
    state = st.session_state
    state[_BASE] = state[_SAVED] = form_values()
    state[_RUN] = run_id


def is_draft() -> bool:
    """Returns whether the user has changed the form since it was filled."""
    state = st.session_state
    return any(state.get(key, value) != value for key, value in state[_BASE].items() if key.endswith(_SET_BY_USER))


def form_values() -> dict[str, Any]:
    """Returns what the form's widgets hold now: key → value."""
    return {
        key: value
        for key, value in st.session_state.items()
        if isinstance(key, str)
        and key.startswith("train_")
        and key.endswith(_VERBS)
        and not key.startswith(_NOT_IN_FORM)
    }


def _save(store: RunStore) -> None:
    """Saves a changed draft and puts its id into the URL; deletes a draft that is no longer needed."""
    state, folder, values = st.session_state, _folder(store), form_values()
    if not is_draft():
        if id := state.pop(_DRAFT, None):
            delete_draft(folder, id)
        st.query_params.pop("draft", None)
        state[_SAVED] = values
        return
    if _DRAFT not in state or values != state[_SAVED]:
        state[_DRAFT] = state.get(_DRAFT) or new_draft_id()
        save_draft(folder, state[_DRAFT], {"run": state[_RUN], "base": state[_BASE], "values": values})
    if st.query_params.get("draft") != state[_DRAFT]:
        st.query_params["draft"] = state[_DRAFT]
    state[_SAVED] = values


def _restore(store: RunStore, id: str) -> bool:
    draft = load_draft(_folder(store), id)
    if not draft or not {"run", "base", "values"} <= draft.keys():
        return False
    state = st.session_state
    for key, value in draft["values"].items():
        state[key] = value
    state[_BASE], state[_SAVED], state[_RUN], state[_DRAFT] = draft["base"], draft["values"], draft["run"], id
    return True


def _folder(store: RunStore):
    return store.path / ".drafts"
