"""Name, tags and note of the selected run, to be edited in place."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from trainer import RunStore, TrainerError
from trainer.runs.state import RunState

_BASE = widget_key("panel", "base", page="runs")  # [run id, {"name": …, "tags": …, "note": …}] as first shown
_ANSWER = widget_key("panel", "answer", page="runs")  # [run id, is a problem, sentence] of the last save


def draw_panel(store: RunStore, state: RunState) -> None:
    """Draws the form; Enter in the name, or Save, stores what was changed.

    Args:
        store: of the runs.
        state: of the selected run.
    """
    if state.is_damaged:
        st.warning(escape_markdown(state.reason), icon=":material/warning:")
        return
    name_key, tags_key, note_key = (widget_key(noun, "edit", page="runs") for noun in ("name", "tags", "note"))
    fields = _fields(state)
    if st.session_state.get(_BASE, [None])[0] != state.id:
        st.session_state[_BASE] = [state.id, fields]
        st.session_state.update({name_key: state.name, tags_key: list(state.tags), note_key: state.note})
    typed_tags = st.session_state.get(tags_key) or []
    known = {tag for other in store.states() for tag in other.tags} | set(typed_tags)
    with st.form(widget_key("panel", "form", page="runs"), border=True):
        left, right = st.columns([1, 1.6])
        with left:
            st.text_input("Name", key=name_key, max_chars=80)
            st.multiselect(
                "Tags", sorted(known, key=str.casefold), key=tags_key, accept_new_options=True,
                placeholder="Choose a tag or type a new one",
            )  # fmt: skip
        with right:
            st.text_area("Note", key=note_key, height=122, placeholder="What did you try, and what came out?")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button(
                "Save",
                key=widget_key("panel", "save", page="runs"),
                icon=":material/check:",
                on_click=_save,
                args=(store, state.id, name_key, tags_key, note_key),
            )
            run_id, is_problem, sentence = st.session_state.get(_ANSWER, (None, False, ""))
            if run_id == state.id:
                color = "red" if is_problem else "green"
                st.markdown(f":{color}[{escape_markdown(sentence)}]")


def _fields(state) -> dict:
    return {"name": state.name, "tags": list(state.tags), "note": state.note}


def _save(store: RunStore, run_id: str, name_key: str, tags_key: str, note_key: str) -> None:
    """Stores the fields that were changed here, and only those: another tab may have changed the others."""
    state = st.session_state
    typed = {"name": state[name_key], "tags": list(state[tags_key] or []), "note": state[note_key]}
    shown = state[_BASE][1]
    changed = {field: value for field, value in typed.items() if value != shown[field]}
    try:
        run = store.get(run_id)
        stored = _fields(run)
        lost = [field for field in changed if stored[field] not in (shown[field], changed[field])]
        if lost:
            state[_BASE] = [run_id, stored]
            was = "; ".join(f"the {field} is now {_short(stored[field])}" for field in lost)
            state[_ANSWER] = [run_id, True, f"Changed elsewhere meanwhile: {was}. Save again to replace it."]
            return
        if "name" in changed:
            run.rename(changed.pop("name"))
        if changed:
            run.annotate(**changed)
    except (TrainerError, OSError) as error:
        state[_ANSWER] = [run_id, True, str(error)]
        return
    # Shown as stored from here on, such as without surrounding spaces.
    del state[_BASE]
    state[_ANSWER] = [run_id, False, "Saved."]


def _short(value) -> str:
    text = ", ".join(value) if isinstance(value, list) else value
    return f'"{text[:60]}"' if text else "empty"
