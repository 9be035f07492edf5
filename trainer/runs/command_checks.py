"""What a command to a run did or why it did nothing, and whether its values are allowed."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.config.registry import OPTIMIZERS
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError
from trainer.training.sessions.commands import SetEpochs, SetLearningRate, Setting

_MOST_EPOCHS = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        acted: whether it had an effect.
        status: the run's status now.
        message: one sentence for whoever gave the command.
    """

    acted: bool
    status: str
    message: str


def wrong_status(command: str, status: str, seen: str | None) -> Outcome:
    """Returns the outcome of a command that the run's status does not allow.

    Args:
        command: such as "pause".
        status: the run's.
        seen: the status that the caller saw, or None.
    """
    if seen not in (None, status):
        return Outcome(False, status, f"Nothing was done: this run is no longer {seen}, it is {status}.")
    return Outcome(False, status, f"Nothing to {command}: this run is {status}.")


def not_trained_here(command: str, status: str) -> Outcome:
    """Returns the outcome of a command to a live run that this process does not train."""
    if status == "running":
        return Outcome(False, status, f"Another process is training this run. Use that process to {command} it.")
    return Outcome(False, status, f"Nothing to {command}: this run has not been started.")


def already_ending(ending: str, status: str) -> Outcome:
    """Returns the outcome of a command to a run that was asked to end before."""
    return Outcome(False, status, f"This run has already been asked to {ending}.")


def epochs_setting(epochs: int, begun: int) -> SetEpochs:
    """Returns the command that sets the number of epochs.

    Args:
        epochs: in total.
        begun: how many the run has begun.

    Raises:
        ConfigError: fewer than it has begun, or too many.
    """
    least = max(1, begun)
    if not isinstance(epochs, int) or not least <= epochs <= _MOST_EPOCHS:
        raise ConfigError(
            f"epochs must be between {least} (the current epoch) and {_MOST_EPOCHS}. "
            f"Received: {epochs!r}. Choose a number in this range.",
            "epochs",
        )
    return SetEpochs(epochs=epochs)


def learning_rate_setting(config: RunConfig, learning_rate: float) -> SetLearningRate:
    """Returns the command that sets the learning rate.

    Raises:
        ConfigError: out of the optimizer's range.
    """
    options = OPTIMIZERS[config.optimizer].parse(config.optimizer_options | {"learning_rate": learning_rate})
    return SetLearningRate(learning_rate=options["learning_rate"])


def describe_setting(setting: Setting) -> str:
    """Returns what a setting changes, as a sentence."""
    if isinstance(setting, SetEpochs):
        return f"The run now trains for {setting.epochs} epochs."
    return f"The learning rate is now {setting.learning_rate:g}."
