"""The tab: what a checkpoint's predictions depend on, by a method that fits the data."""

from __future__ import annotations

from pages.ui.run.checkpoint_choice import choose
from pages.ui.run.mattered.columns import columns_view
from pages.ui.run.mattered.inputs import inputs_view
from trainer import Run
from trainer.analysis.attribution.suitability import kind_of, why_not_attributed


def what_mattered(run: Run) -> None:
    """Draws what mattered, or why nothing can be said about it."""
    doing = "see which inputs the predictions of this checkpoint depend on"
    found = choose(run, why_not_attributed(run), "mattered", "Explain", doing)
    if found is None:
        return
    split, chosen = found
    view = columns_view if kind_of(run) == "table" else inputs_view
    view(run, chosen, split)
