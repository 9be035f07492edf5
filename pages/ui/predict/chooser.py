"""The panel on the left: which run, and which of its checkpoints."""

from __future__ import annotations

import contextlib
import os

import streamlit as st

from pages.ui.fields.widgets import choose
from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.sources import BEST, NEWEST, source_labels
from pages.ui.run.status import status_badge
from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.filters import status_word
from pages.ui.runs.metric_choice import main_metric, read_metric
from pages.ui.text import escape_markdown, format_age
from trainer import MODELS, Run, RunStore, TrainerError
from trainer.runs.state import RunState

_RUN = widget_key("run", "select", page="predict")
_ASKED = widget_key("run", "asked", page="predict")  # the run that the address named when it was last read
_PROBLEM = widget_key("run", "problem", page="predict")  # [run that is shown instead, why]
_SECONDS = 2.0


def runs_to_try(store: RunStore) -> list[RunState]:
    """Returns the runs with a checkpoint, newest first."""
    return [
        state
        for state in store.states()
        if not state.is_damaged and state.model in MODELS and _has_checkpoint(store.path / state.id)
    ]


def _has_checkpoint(folder: os.PathLike) -> bool:
    with contextlib.suppress(OSError), os.scandir(os.path.join(folder, "checkpoints")) as found:
        return any(entry.name.startswith("step-") for entry in found)
    return False


def draw_empty(store: RunStore) -> None:
    """Says what to do where there is nothing to try yet, and goes on by itself once there is."""
    live = [state for state in store.states() if state.is_live]
    st.markdown("#### Nothing to try yet")
    if live:
        st.markdown(
            f"**{escape_markdown(live[0].name)}** is {live[0].status} and has no checkpoint yet. It can be tried here "
            "as soon as its first checkpoint is written; pause it to write one now."
        )
        st.page_link("train.py", label="Watch it on the Train page", icon=":material/play_circle:",
                     query_params={"run": live[0].id})  # fmt: skip
    else:
        st.markdown("Train a model first. Then draw a digit, type a row or upload a file here: it answers at once.")
        st.page_link("train.py", label="Train a model", icon=":material/play_circle:")
    st.fragment(_watch, run_every=_SECONDS)(store)


def _watch(store: RunStore) -> None:
    if runs_to_try(store):
        st.rerun(scope="app")


def choose_run(store: RunStore, states: list[RunState]) -> Run | None:
    """Draws the selector; the address names the chosen run as well.

    Args:
        store: of the runs.
        states: of the runs to choose from, newest first.
    """
    labels = _labels(states, CatalogLabels(store))
    wanted, problem = st.query_params.get("run"), ""
    if wanted and wanted != st.session_state.get(_ASKED):
        if wanted in labels:
            st.session_state[_RUN] = wanted
        else:
            problem = _why_not_here(store, wanted)
    run_id = choose("run", "Run", labels, "Every run with a checkpoint, newest first. Type to search.", page="predict")
    st.session_state[_ASKED] = st.query_params["run"] = run_id
    if problem:
        st.session_state[_PROBLEM] = [run_id, problem]
    # It stays until another run is chosen: the page runs again by itself while the model is loaded.
    about, problem = st.session_state.get(_PROBLEM, (None, ""))
    if about == run_id:
        st.warning(problem, icon=":material/search_off:")
    try:
        return store.get(run_id)
    except (TrainerError, OSError) as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def _why_not_here(store: RunStore, wanted: str) -> str:
    try:
        run = store.get(wanted)
    except (TrainerError, OSError) as error:
        return escape_markdown(str(error))
    return (
        f"**{escape_markdown(run.name)}** has no checkpoint yet, so another run is shown. Pause it, or wait for its "
        "first checkpoint."
    )


def _labels(states: list[RunState], known: CatalogLabels) -> dict[str, str]:
    """Returns run id → what a person reads and searches; all are different."""
    labels = {}
    for state in states:
        name = main_metric(state)
        value = read_metric(state, "best", name)
        score = [] if value is None else [f"{name} {format_number(value)}"]
        words = [state.name, status_word(state), known.dataset(state), known.model(state), *score]
        label = " · ".join([*words, format_age(state.created)])
        labels[state.id] = label if label not in labels.values() else f"{label} ({state.id[-6:]})"
    return labels


def choose_checkpoint(run: Run) -> str | int | None:
    """Draws the selector of the checkpoint: the best and the newest, then each step.

    Returns:
        "best", "latest" or a step; None if there is none any more.
    """
    labels: dict[str | int, str] = dict(source_labels(run))
    if not labels:
        st.info("This run has no checkpoint any more. Choose another run.", icon=":material/info:")
        return None
    if run.is_live and BEST in labels:
        labels = {NEWEST: labels.pop(NEWEST)} | labels
    labels |= {checkpoint.step: f"Step {checkpoint.step:,}" for checkpoint in run.checkpoints}
    return choose(
        "checkpoint", "Checkpoint", labels, "Whose weights predict. *Best*: of the best epoch so far.", page="predict"
    )


def draw_facts(run: Run) -> None:
    """Draws what the chosen run is, and the way to it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status_badge(run.status)
        st.caption(escape_markdown(_described(run)))
    st.page_link("train.py", label="Open the run", icon=":material/show_chart:", query_params={"run": run.id})
    if run.is_live:
        st.caption("It still trains. *Newest* is its newest checkpoint each time you try something.")


def _described(run: Run) -> str:
    name = main_metric(run.state)
    value = read_metric(run.state, "best", name)
    known = [MODELS[run.config.model].label, run.spec.summary if run.spec else ""]
    score = [] if value is None else [f"best {name} {format_number(value)}"]
    return " · ".join([*filter(None, known), *score])
