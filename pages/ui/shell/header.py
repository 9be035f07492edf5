"""The header of every page: engine start-up and load of the machine."""

from __future__ import annotations

import psutil
import streamlit as st

from pages.ui.keys import widget_key
from trainer.training.engine.start_up import engine_status, is_warm

_process = psutil.Process()
# The first call only starts the measurement.
psutil.cpu_percent()


def header() -> None:
    """Draws the load of the machine, and a note until the engine is ready."""
    warm = is_warm()
    st.fragment(_warming, run_every=None if warm else 0.5)(warm)
    st.fragment(_load, run_every=5.0)()


def _warming(was_warm: bool) -> None:
    if engine_status() == "failed":
        st.error("TensorFlow could not be loaded. Read the server's output, then restart the server.")
    elif not is_warm():
        st.info("The engine is warming up: TensorFlow takes a few seconds. You can already set up and start a run.",
                icon=":material/hourglass_top:")  # fmt: skip
    elif not was_warm:
        st.rerun(scope="app")


def _load() -> None:
    memory = _process.memory_info().rss / 2**30
    with st.container(key=widget_key("machine", "load", page="page"), width="content"):
        st.caption(f"CPU {psutil.cpu_percent():.0f} %  ·  Memory {memory:.1f} GB")
