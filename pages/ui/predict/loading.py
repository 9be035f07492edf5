"""The model and the data of a run, loaded in the background."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.text import escape_markdown
from pages.ui.waiting import draw_error, is_done
from trainer import Dataset, Run, TrainerError
from trainer.analysis.jobs import Job, ask
from trainer.analysis.predictor import Predictor, predictor
from trainer.analysis.run_data import data_of
from trainer.training.engine.start_up import engine_status

_SECONDS = 0.5


def ready_predictor(run: Run, source: str | int) -> Predictor | None:
    """Returns the predictor of a checkpoint; None after saying what it waits for, or why there is none."""
    if engine_status() == "failed":
        return None  # The header says so.
    if engine_status() != "ready":
        st.info("The model can be tried here as soon as the engine is warm.", icon=":material/hourglass_top:")
        st.fragment(_watch_engine, run_every=_SECONDS)()
        return None
    try:
        checkpoint = run.find_checkpoint(source)
        if checkpoint is None:
            st.info("This run has no checkpoint any more. Choose another run.", icon=":material/info:")
            return None
        job = ask(("predictor", str(run.path), checkpoint.digest), lambda job: _warm_up(run, source))
        if not is_done(job, f"Loading the model of step {checkpoint.step:,}"):
            return None
        if job.error or job.is_cancelled:
            draw_error(job)
            return None
        return predictor(run, source)
    except TrainerError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def _watch_engine() -> None:
    if engine_status() == "ready":
        st.rerun(scope="app")


def _warm_up(run: Run, source: str | int) -> bool:
    """Builds the model and compiles its prediction. The predictors themselves are kept by their own cache."""
    made = predictor(run, source)
    made.predict(np.zeros((1, *made.input_shape), np.float32))
    return True


def data_job(run: Run) -> Job:
    """Returns the job that loads the run's data."""
    return ask(("predict data", str(run.path)), lambda job: bool(data_of(run)))


def ready_data(run: Run) -> Dataset | None:
    """Returns the run's data; None while it is loaded, which is drawn, or if it is gone."""
    job = data_job(run)
    if not is_done(job, "Reading the run's data") or job.error:
        return None
    return data_of(run)
