"""The list of sweeps, newest first. It opens no study."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.status import status_badge
from pages.ui.text import escape_markdown, format_age
from trainer import DATASETS, MODELS, RunStore
from trainer.sweeps.sweep import Sweep
from trainer.sweeps.sweeps import Sweeps

_SECONDS_LIVE, _SECONDS_IDLE = 1.5, 3.0


def sweeps_list(store: RunStore) -> None:
    """Draws the list and keeps it up to date."""
    sweeps = Sweeps.of(store).list()
    is_live = any(sweep.is_live for sweep in sweeps)
    st.fragment(_draw, run_every=_SECONDS_LIVE if is_live else _SECONDS_IDLE)(store)


def _draw(store: RunStore) -> None:
    sweeps = Sweeps.of(store).list()
    if not sweeps:
        st.markdown("#### No sweeps yet")
        st.markdown(
            "A sweep trains one set of settings many times with some options varied, and finds the best. On the Train "
            "page, choose the data set and the model, then press **Vary options**."
        )
        st.page_link("train.py", label="Set up a sweep on the Train page", icon=":material/play_circle:")
        return
    for sweep in sweeps:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.button(
                escape_markdown(sweep.name), key=widget_key(sweep.id, "open", page="sweep"), type="tertiary",
                help="Shows the sweep.",
            ):  # fmt: skip
                st.query_params["sweep"] = sweep.id
                st.rerun(scope="app")
            status_badge(sweep.status)
            st.caption(describe(sweep))


def describe(sweep: Sweep) -> str:
    """Returns how far a sweep is and what it found, in one line of Markdown."""
    state = sweep.state
    spec, config = state.spec, state.spec.get("config", {})
    found = f" · best {spec.get('metric')} {format_number(state.best)}" if state.best is not None else ""
    labels = [registry[name].label if (name := config.get(kind)) in registry else str(name)
              for kind, registry in (("model", MODELS), ("dataset", DATASETS))]  # fmt: skip
    done = f"{state.done:,} of {spec.get('runs') or 0:,} runs"
    return escape_markdown(f"{done}{found} · {' on '.join(labels)} · {format_age(state.created)}")
