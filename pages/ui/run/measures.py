"""Which measurements of a run are shown: the curves, and the figures above them."""

from __future__ import annotations

from pages.ui.numbers import format_number
from pages.ui.run.units import explain_loss, loss_unit, unit_of
from trainer import METRICS, MODELS, Run


def curves(run: Run) -> list[tuple[str, ...]]:
    """Returns the columns to draw with labels and units: losses first; a GAN has several."""
    losses = measured_losses(run)
    shown = losses[1:] or losses
    named = [(name, METRICS[name].label) for name in run.config.metrics]
    return [*((name, name.replace("_", " ").capitalize(), *loss_unit(run)) for name in shown), *named]


def measured_losses(run: Run) -> tuple[str, ...]:
    """Returns the losses that the learner measures: "loss", then its parts, if any."""
    return MODELS[run.config.model].traits.losses


def figures(run: Run) -> list[tuple[str, str]]:
    """Returns the values to show above the curves, each with its help."""
    losses = measured_losses(run)
    names = [*(losses[1:] or losses), *run.config.metrics][:3]
    shown = []
    for name in names:
        meaning = explain_loss(run.config, run.spec) if name == "loss" else unit_of(name, run.config).strip("()")
        meaning = f" {meaning[:1].upper()}{meaning[1:]}".rstrip()
        known = run.spec.baselines if run.spec else {}
        train, validation = (
            f" Baseline of a constant guess: {format_number(known[key])}." if key in known else ""
            for key in (name, f"val_{name}")
        )
        mean = "Mean over the batches of the last finished epoch; during the first epoch, over the newest batches."
        shown.append((name, mean + meaning + train))
        if run.config.validation_split > 0:
            shown.append(
                (f"val_{name}", "On the whole validation split, after the last finished epoch." + meaning + validation)
            )
    tested = [f"test_{name}" for name in names if f"test_{name}" in run.last_metrics]
    return shown + [(name, "On the whole test split, at the end of the run.") for name in tested]
