"""The panel itself: words and slider on the left, the drawing on the right."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.run.sees.drawing import DAMAGE, draw, explain
from pages.ui.run.sees.names import names_of
from trainer import MODELS, Run, TrainerError
from trainer.config.fitting import seen_by
from trainer.runs.views.earlier import list_pictures
from trainer.runs.views.frames import FIXED, FOLDER, frame_path, list_frames, read_arrays
from trainer.training.views.kinds import view_kind

#: Seconds between two looks for a new frame.
_EVERY = 2.0


def sees_panel(run: Run) -> None:
    """Draws the panel, if there is or will be anything to show, and keeps it up to date while the run is live."""
    if not (list_frames(run.path) or list_pictures(run.path) or (run.is_live and _has_view(run))):
        return
    with st.container(border=True, key=widget_key("sees", "panel")):
        st.fragment(_contents, run_every=_EVERY if run.is_live else None)(run)


def _has_view(run: Run) -> bool:
    try:
        spec = run.spec or run.config.spec
        return view_kind(seen_by(MODELS[run.config.model], spec)) is not None
    except TrainerError:
        return False  # The data file is gone.


def _contents(run: Run) -> None:
    words, drawing = st.columns([1, 2.6], gap="medium")
    with words:
        st.markdown("##### What the model sees")
    epochs = list_frames(run.path)
    if epochs:
        fixed = _read(run.path / FOLDER / FIXED)
        if fixed is not None and not str(fixed.get("kind", "")):
            with words:
                st.caption("There is no picture for this model. Its histograms are on the Model tab.")
            return
        with words:
            epoch = _choose(run, epochs)
        _frame(run, epoch, fixed, words, drawing)
        return
    pictures = list_pictures(run.path)
    if pictures:
        with words:
            epoch = _choose(run, list(pictures))
        with drawing:
            st.image(pictures[epoch].read_bytes(), width=560)
        return
    with words:
        st.caption("The first picture comes when the first epoch ends.")
    with drawing:
        st.html('<div class="sees-empty">What the model makes of some examples will be here.</div>')


def _choose(run: Run, epochs: list[int]) -> int:
    """Returns the newest epoch while the run is live, and the slider's afterwards; tells it."""
    line, epoch = st.empty(), epochs[-1]
    if not run.is_live and len(epochs) > 1:
        # A key of its own for each set of epochs, so that the slider begins at the newest.
        key = widget_key(f"{run.id}_{epochs[-1]}_frame", "slide")
        epoch = st.select_slider("Epoch", epochs, value=epoch, key=key, label_visibility="collapsed")
        # The slider itself says only where it is.
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(f"{epochs[0]:,}", width="content")
            st.caption(f"{epochs[-1]:,}", width="content")
    line.markdown(f"Epoch **{epoch:,}** of {run.epochs or run.config.epochs:,}")
    return epoch


def _frame(run: Run, epoch: int, fixed, words, drawing) -> None:
    frame = _read(frame_path(run.path, epoch))
    try:
        if fixed is None or frame is None:
            raise KeyError
        what, which = explain(fixed, frame)
        with words:
            st.caption(what)
            if which:
                st.caption(f"{which}.")
            if run.is_live:
                st.caption("Afterwards, a slider here goes back through the epochs.")
        with drawing:
            draw(fixed, frame, names_of(run), f"{what} Epoch {epoch}. {which}.")
    except DAMAGE:
        with drawing:
            st.warning(
                f"The picture of epoch {epoch:,} cannot be read: its file is damaged. "
                + ("Choose another epoch." if fixed is not None else "Train the run again to see it."),
                icon=":material/broken_image:",
            )


def _read(path: Path):
    """Returns the arrays of a file, which is read again only after it has changed; None if it cannot be read."""
    try:
        return _read_once(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=32)
def _read_once(path: Path, _changed: int):
    return read_arrays(path)
