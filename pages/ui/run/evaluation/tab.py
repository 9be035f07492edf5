"""The tab: a split, a checkpoint, and what the checkpoint is worth on the split."""

from __future__ import annotations

import streamlit as st

from pages.ui.catalogue import is_gone
from pages.ui.keys import widget_key
from pages.ui.run.checkpoint_choice import choose_checkpoint
from pages.ui.run.evaluation.classes import class_view
from pages.ui.run.evaluation.copies import copy_view
from pages.ui.run.evaluation.labels import label_view
from pages.ui.run.evaluation.values import value_view
from pages.ui.text import count, escape_markdown
from pages.ui.waiting import result_of
from trainer import Run
from trainer.analysis.evaluation.evaluating import Evaluation, evaluate
from trainer.analysis.evaluation.predicting import why_nothing
from trainer.analysis.evaluation.splits import split_sizes

_VIEWS = {
    "classification": class_view,
    "multilabel": label_view,
    "regression": value_view,
    "reconstruction": copy_view,
}


def evaluation(run: Run) -> None:
    """Draws the evaluation of a run, or why there is none and what to do."""
    if reason := why_nothing(run):
        st.info(escape_markdown(reason), icon=":material/info:")
        return
    if is_gone(run):
        st.info(
            "The data set of this run was deleted, so there are no examples to evaluate. Upload the same file again.",
            icon=":material/database_off:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choose_split(run, "evaluation")
        chosen = choose_checkpoint(run, "evaluation", "Evaluate")
    if chosen is None:
        st.caption("Choose Evaluate to measure this checkpoint on examples that the model has not been trained on.")
        return
    size = split_sizes(run)[split]
    found = result_of(
        ("evaluation", str(run.path), chosen.digest, split),
        lambda job: evaluate(run, chosen.digest, split, job),
        f"Predicting {count(size, 'example')} of the {split} split with the weights of step {chosen.step:,}",
    )
    if found is None:
        return
    _about(run, found)
    _VIEWS[found.finite.task](run, found)


def choose_split(run: Run, noun: str) -> str:
    """Draws the selector of splits and returns the chosen one.

    Args:
        run: one that has started.
        noun: of the widget key.
    """
    sizes, key = split_sizes(run), widget_key(noun, "split")
    if st.session_state.get(key) not in sizes:
        st.session_state[key] = next(iter(sizes))
    return st.selectbox(
        "Split",
        list(sizes),
        format_func=lambda name: f"{name.capitalize()} ({count(sizes[name], 'example')})",
        key=key,
        width=250,
        help="The test split was never used in training. The validation split has chosen the best epoch, so its "
        "numbers are slightly too good.",
    )


def _about(run: Run, found: Evaluation) -> None:
    made = found.predictions
    words = [f"{count(len(made), 'example')} of the {made.split} split, with the weights of step {made.step:,}."]
    if made.split == "training":
        words.append("There is neither a test nor a validation split: expect new examples to do worse.")
    st.caption(" ".join(words))
    if made.left_out:
        st.warning(
            f"{count(made.left_out, 'prediction')} of {len(made):,} are not finite numbers and are left out below. "
            "Look for extreme inputs, or evaluate an earlier checkpoint.",
            icon=":material/warning:",
        )
    if made.note:
        st.caption(escape_markdown(made.note))
