"""The best or the newest state of a run, each with its step and score."""

from __future__ import annotations

from pages.ui.numbers import format_number
from pages.ui.text import count
from trainer import Run

BEST, NEWEST = "best", "latest"


def source_labels(run: Run) -> dict[str, str]:
    """Returns the states to choose from: "best" first, then "latest"; only "latest" where both are the same checkpoint.

    Returns:
        source, as `Run.resume` and the download route take it → "Best: step 1,080 · epoch 24 · val_loss 0.1234".
    """
    newest = run.find_checkpoint(NEWEST)
    if newest is None:
        return {}
    best, metrics = run.find_checkpoint(BEST), run.metrics
    labels = {NEWEST: _label("Newest", newest.step, metrics["last"], run)}
    if best.step == newest.step:
        return labels
    return {BEST: _label("Best", best.step, metrics["best"], run)} | labels


def describe_later(run: Run, step: int) -> str:
    """Returns what is deleted when a run resumes from a step: "the 920 steps and 2 checkpoints after step 1,080"."""
    steps, saved = max(run.step - step, 0), sum(checkpoint.step > step for checkpoint in run.checkpoints)
    return f"the {count(steps, 'step')} and {count(saved, 'checkpoint')} after step {step:,}"


def describe_row(row: dict, run: Run) -> str:
    """Returns the step, epoch and score of an epoch: "step 1,080 · epoch 24 · val_loss 0.1234"."""
    words = f"step {int(row['step']):,} · epoch {int(row['epoch']):,}"
    name = run.config.best_by
    return f"{words} · {name} {format_number(row[name])}" if name != "epoch" and name in row else words


def _label(word: str, step: int, row: dict, run: Run) -> str:
    # Only states at the end of an epoch are measured.
    is_measured = bool(row) and row["step"] == step
    return f"{word}: {describe_row(row, run) if is_measured else f'step {step:,}'}"
