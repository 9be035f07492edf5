"""The setup panel: presets, form and Start training."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from pages.ui.catalogue import refuse_server_path
from pages.ui.form.form import draw_form, fill_form
from pages.ui.form.state import follow, form_values, is_draft, mirror, settle
from pages.ui.form.where import chosen_where
from pages.ui.keys import widget_key
from pages.ui.sweeps.setup import sweep_button
from pages.ui.text import escape_markdown
from pages.ui.train.queue import running_states
from pages.ui.train.scrolling import scroll_up_for
from trainer import Run, RunConfig, RunStore, TrainerError
from trainer.config.presets import PRESETS
from trainer.errors import DataError

#: Two clicks on Start with the same settings within this time make one run.
_SECONDS_OF_DOUBLE_CLICK = 1.0
_LAST_START = "train_start_last"  # the configuration of the last start and its time
_ASKED = "train_start_asked"  # time of a click on Start that came together with another change
#: Seconds in which the form is drawn after such a click.
_SECONDS_TO_DRAW = 5.0


def setup_panel(store: RunStore, run: Run | None) -> RunConfig | None:
    """Draws the setup. On a narrow screen it is folded while a run is live.

    Args:
        store: the store for the new run.
        run: the run shown beside it, if any.

    Returns:
        What the form describes; None while it has a problem.
    """
    refused = mirror(run) if run and st.session_state.pop("train_form_fill", None) == run.id else None
    follow(run)
    is_live = run is not None and run.is_live
    with st.container(key=widget_key("setup", "toggle")):
        scroll_up_for(st.session_state.get("train_run_started", ""))
        is_folded = is_live and not st.toggle("Show the setup", key=widget_key("setup", "show"))
        # A marker for layout.css: another key around the form would mount it again and close Advanced.
        if is_folded:
            st.container(key=widget_key("setup", "folded"))
    with st.container(key=widget_key("setup", "form"), border=True, gap="small"):
        if refused:
            st.warning(escape_markdown(refused), icon=":material/database_off:")
        _presets()
        if run is not None and is_draft():
            _draft_note(run)
        return _form(store)


def _draft_note(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=widget_key("draft", "note")):
        st.caption(f"Not started yet: these settings differ from those of {escape_markdown(run.name)}.")
        st.button(
            "Discard changes", key=widget_key("draft", "discard"), type="tertiary", on_click=_discard, args=(run,)
        )


def _discard(run: Run) -> None:
    st.session_state["train_form_fill"] = run.id


def _presets() -> None:
    st.caption("Start from")
    with st.container(horizontal=True, gap="xsmall"):
        for index, preset in enumerate(PRESETS):
            st.button(
                preset.label,
                key=widget_key(f"preset{index}", "fill"),
                help=preset.help,
                on_click=lambda fields=preset.fields: fill_form(RunConfig(**fields)),
            )


def _form(store: RunStore) -> RunConfig | None:
    config, problem = None, ""
    try:
        fields = draw_form()
        refuse_server_path(fields["dataset"], fields["dataset_options"])
        config = RunConfig(**fields)
    except TrainerError as error:
        problem = str(error)
        st.error(escape_markdown(problem), icon=":material/edit:")
        if isinstance(error, DataError):
            _open_data_page()
    busy = running_states(store)
    what = (
        f"{busy[0].name} is training. The new run joins the queue and starts by itself when its device is free."
        if busy
        else "Trains in the background. You can close this page."
    )
    st.button(
        "Start training",
        key=widget_key("run", "start"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=bool(problem),
        help=escape_markdown(problem or what),
        on_click=_start_as_drawn,
        args=(store, config, form_values()),
    )
    asked = st.session_state.pop(_ASKED, None)
    if config is not None and asked is not None and time.monotonic() - asked < _SECONDS_TO_DRAW:
        _start(store, config)
        st.rerun()
    sweep_button(store, config)
    if refused := st.session_state.pop("train_start_problem", None):
        st.error(escape_markdown(refused), icon=":material/error:")
    return config


def _open_data_page() -> None:
    if st.button(
        "Look at it on the Data page", icon=":material/database:", key=widget_key("data", "open"), width="stretch"
    ):
        st.session_state["data_dataset_select"] = st.session_state.get("train_dataset_select")
        st.switch_page("data.py")


def _start_as_drawn(store: RunStore, config: RunConfig, drawn: dict[str, Any]) -> None:
    """Starts what the form shows. Where a number was typed just before the click, that is drawn first."""
    if form_values() == drawn:
        _start(store, config)
    else:
        st.session_state[_ASKED] = time.monotonic()


def _start(store: RunStore, config: RunConfig) -> None:
    """Starts a run, or adds it to the queue while its device is busy."""
    fields, now = config.to_json(), time.monotonic()
    last_fields, last_time = st.session_state.get(_LAST_START, ("", 0.0))
    # The second click of a double click.
    if fields == last_fields and now - last_time < _SECONDS_OF_DOUBLE_CLICK:
        return
    try:
        run = store.create(config, where=chosen_where())
        run.start(seen="queued")
    except TrainerError as error:
        st.session_state["train_start_problem"] = str(error)
        return
    st.session_state[_LAST_START] = (fields, time.monotonic())
    settle(run.id)
    st.session_state["train_run_started"] = run.id
    st.query_params["run"] = run.id
