"""The tab: a split, a checkpoint, and what the checkpoint is worth on the split."""

from __future__ import annotations

import streamlit as st

from pages.ui.run.checkpoint_choice import choose
from pages.ui.run.evaluation.classes import class_view
from pages.ui.run.evaluation.copies import copy_view
from pages.ui.run.evaluation.labels import label_view
from pages.ui.run.evaluation.values import value_view
from pages.ui.text import count, escape_markdown
from pages.ui.waiting import result_of
from trainer import Run
from trainer.analysis.evaluation.evaluating import Evaluation, evaluate
from trainer.analysis.evaluation.predicting import why_nothing
from trainer.analysis.run_data import split_sizes

_VIEWS = {
    "classification": class_view,
    "multilabel": label_view,
    "regression": value_view,
    "reconstruction": copy_view,
}


def evaluation(run: Run) -> None:
    """Draws the evaluation of a run, or why there is none and what to do."""
    found = choose(run, why_nothing(run), "evaluation", "Evaluate", "see how good this checkpoint is on new examples")
    if found is None:
        return
    split, chosen = found
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
