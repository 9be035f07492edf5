"""The set-up panel: presets, the form, Start training."""

from __future__ import annotations

import streamlit as st

from pages.ui.actions import fill_form_if_asked
from pages.ui.catalogue import refuse_server_path
from pages.ui.forms import draw_form, fill_form
from pages.ui.text import escape_markdown
from trainer import Run, RunConfig, RunStore, TrainerError
from trainer.errors import DataError
from trainer.presets import PRESETS


def setup_panel(store: RunStore, run: Run | None) -> None:
    """Draws the set-up; on a narrow screen it is folded while a run is live.

    Args:
        store: where the new run goes.
        run: the run that is shown beside it, if any.
    """
    fill_form_if_asked()
    is_live = run is not None and run.is_live
    with st.container(key="train_setup_toggle"):
        is_open = st.toggle("Show the set-up", key="train_setup_show") if is_live else True
    with (
        st.container(key="train_setup_open" if is_open else "train_setup_folded"),
        st.container(key="train_setup_form", border=True, gap="small"),
    ):
        _presets()
        _form(store)


def _presets() -> None:
    st.caption("Start from")
    with st.container(horizontal=True, gap="xsmall"):
        for index, preset in enumerate(PRESETS):
            st.button(
                preset.label,
                key=f"train_preset{index}_fill",
                help=preset.help,
                on_click=lambda fields=preset.fields: fill_form(RunConfig(**fields)),
            )


def _form(store: RunStore) -> None:
    config, problem = None, ""
    if unfilled := st.session_state.pop("train_fill_problem", None):
        st.warning(escape_markdown(unfilled), icon=":material/database_off:")
    try:
        fields = draw_form()
        refuse_server_path(fields["dataset"], fields["dataset_options"])
        config = RunConfig(**fields)
    except TrainerError as error:
        problem = str(error)
        st.error(escape_markdown(problem), icon=":material/edit:")
        if isinstance(error, DataError):
            _open_data_page()
    busy = next((other for other in store.list() if other.is_live), None)
    reason = problem or (busy and f"{busy.name} is training. Pause or stop it first.") or ""
    st.button(
        "Start training",
        key="train_run_start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=bool(reason),
        help=escape_markdown(reason) or "Trains in the background: you may close this page.",
        on_click=_start,
        args=(store, config),
    )


def _open_data_page() -> None:
    if st.button("Look at it on the Data page", icon=":material/database:", key="train_data_open", width="stretch"):
        st.session_state["data_dataset_select"] = st.session_state.get("train_dataset_select")
        st.switch_page("data.py")


def _start(store: RunStore, config: RunConfig) -> None:
    """Starts a run, unless another tab was quicker."""
    busy = next((other for other in store.list() if other.is_live), None)
    if busy:
        st.query_params["run"] = busy.id
        st.toast(f"{escape_markdown(busy.name)} is training already. This is it.", icon=":material/info:")
        return
    try:
        run = store.create(config)
        run.start(seen="queued")
    except TrainerError as error:
        st.session_state["train_start_problem"] = str(error)
        return
    st.query_params["run"] = run.id
