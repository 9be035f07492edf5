"""Why a run ended without completing, as sentences that say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trainer.config.run_config import RunConfig
from trainer.errors import TrainerError
from trainer.runs.checkpoint import Checkpoint


def explain_failure(error: BaseException, folder: Path) -> str:
    """Returns what ended a session, for the person who started it.

    Args:
        error: what was raised.
        folder: of the run.
    """
    if isinstance(error, TrainerError):
        return str(error)
    first_line = str(error).strip().split("\n")[0][:300]
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "There was not enough memory. Choose a smaller model or batch size."
    if isinstance(error, OSError) and not folder.exists():
        return "The run's folder was deleted while it trained. Start a new run."
    if isinstance(error, OSError):
        return f"The data could not be read: {first_line}. Check that the file exists and is readable, then resume."
    return f"Training failed: {type(error).__name__}: {first_line}. The log has the details."


def advise_on_divergence(config: RunConfig, saved: Sequence[Checkpoint]) -> str:
    """Returns what to try after the loss stopped being finite.

    Args:
        config: the recipe in force.
        saved: the run's checkpoints, newest first.
    """
    options = config.optimizer_options
    now = f" (now {options['learning_rate']:g})" if "learning_rate" in options else ""
    advice = f"Try a smaller learning rate{now} or clip the gradient norm at 1."
    return advice + (f" The checkpoint of step {saved[0].step} is kept." if saved else "")


def explain_interruption(
    step: int, saved: Sequence[Checkpoint], what: str = "The process ended without warning."
) -> str:
    """Returns what a resume costs after a run's process died.

    Args:
        step: the last step that was recorded.
        saved: the run's checkpoints, newest first.
        what: happened, as a sentence.
    """
    lost = step - (saved[0].step if saved else 0)
    if lost <= 0:
        return f"{what} Resume to continue from the last checkpoint."
    start = f"the checkpoint of step {saved[0].step:,}" if saved else "the beginning"
    steps = "1 step is" if lost == 1 else f"{lost:,} steps are"
    return f"{what} Resume continues from {start}; {steps} trained again."
