"""What frames every page: whether the engine is ready, and how busy the machine is."""

from __future__ import annotations

import psutil
import streamlit as st

from trainer.training.engine.start_up import engine_status, is_warm

_process = psutil.Process()
# The first call only begins the measurement.
psutil.cpu_percent()


def header() -> None:
    """Draws the machine's load, and a word while the engine is not ready yet."""
    warm = is_warm()
    st.fragment(_warming, run_every=None if warm else 0.5)(warm)
    st.fragment(_load, run_every=5.0)()


def _warming(was_warm: bool) -> None:
    if engine_status() == "failed":
        st.error("TensorFlow could not be loaded. Look at the server's output, then start it again.")
    elif not is_warm():
        st.info("The engine is warming up: TensorFlow takes some seconds. You can choose and start already.",
                icon=":material/hourglass_top:")  # fmt: skip
    elif not was_warm:
        st.rerun(scope="app")


def _load() -> None:
    memory = _process.memory_info().rss / 2**30
    with st.container(key="page_machine_load", width="content"):
        st.caption(f"CPU {psutil.cpu_percent():.0f} %  ·  memory {memory:.1f} GB")
