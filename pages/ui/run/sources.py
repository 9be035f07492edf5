"""Best or newest: which state of a run is taken, each with its step and score."""

from __future__ import annotations

from pages.ui.numbers import format_number
from trainer import Run

BEST, NEWEST = "best", "latest"


def source_labels(run: Run) -> dict[str, str]:
    """Returns what can be taken from a run with checkpoints: "best" first, then "latest"; one entry where they agree.

    Returns:
        source, as `Run.resume` and the download route take it → "Best: step 1,080 · epoch 24 · val_loss 0.1234".
    """
    saved = [checkpoint.step for checkpoint in run.checkpoints]
    if not saved:
        return {}
    metrics = run.metrics
    best, last = metrics["best"], metrics["last"]
    newest = {NEWEST: _label("Newest", saved[0], last, run)}
    if not best or best["step"] not in saved or best["step"] == saved[0]:
        return newest
    return {BEST: _label("Best", int(best["step"]), best, run)} | newest


def describe_row(row: dict, run: Run) -> str:
    """Returns an epoch's place and score: "step 1,080 · epoch 24 · val_loss 0.1234"."""
    words = f"step {int(row['step']):,} · epoch {int(row['epoch']):,}"
    name = run.config.best_by
    return f"{words} · {name} {format_number(row[name])}" if name != "epoch" and name in row else words


def _label(word: str, step: int, row: dict, run: Run) -> str:
    # Between two epochs nothing is measured.
    is_measured = bool(row) and row["step"] == step
    return f"{word}: {describe_row(row, run) if is_measured else f'step {step:,}'}"
