"""Commands to a run: typed, and each stored with the step at which it takes effect.

`Pause`, `Stop` and `Interrupt` end a session. `SetEpochs` and `SetLearningRate` change its settings;
they are replayed at the same step when a run resumes from an earlier checkpoint, so the bits stay the same.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.config.run_config import RunConfig


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Pause(_Command):
    """Write a checkpoint and end, to resume later."""

    event: Literal["pause"] = "pause"


class Stop(_Command):
    """Write a checkpoint and end.

    Attributes:
        reason: why, as a sentence; empty: the user wanted it.
    """

    event: Literal["stop"] = "stop"
    reason: str = ""


class Interrupt(_Command):
    """Write a checkpoint and end, because the process must end."""

    event: Literal["interrupt"] = "interrupt"


class SetEpochs(_Command):
    """Train for another number of epochs in total."""

    event: Literal["set_epochs"] = "set_epochs"
    epochs: int = Field(ge=1, le=1_000_000)


class SetLearningRate(_Command):
    """Use another learning rate; a schedule then starts from it as its highest rate."""

    event: Literal["set_learning_rate"] = "set_learning_rate"
    learning_rate: float = Field(gt=0)


Ending = Pause | Stop | Interrupt
Setting = SetEpochs | SetLearningRate
Command = Ending | Setting


@dataclass(frozen=True)
class Scheduled:
    """A setting and the step after which it takes effect."""

    step: int
    command: Setting


class Commands:
    """A mailbox: any thread gives commands, the session takes them between steps."""

    def __init__(self, *settings: Setting):
        self._lock = threading.Lock()
        self._ending: Ending | None = None
        self._settings: list[Setting] = list(settings)

    def give(self, command: Command) -> bool:
        """Adds a command; returns False if the session has already been asked to end."""
        with self._lock:
            if self._ending is not None:
                return False
            if isinstance(command, Ending):
                self._ending = command
            else:
                self._settings.append(command)
            return True

    @property
    def ending(self) -> Ending | None:
        """The command that ends the session, once given; it stays."""
        return self._ending

    @property
    def is_empty(self) -> bool:
        """Whether no command is waiting."""
        return self._ending is None and not self._settings

    def take_settings(self) -> list[Setting]:
        """Returns the settings given since the last call."""
        with self._lock:
            taken, self._settings = self._settings, []
            return taken


def with_settings(config: RunConfig, settings: Iterable[Scheduled], step: int) -> RunConfig:
    """Returns the recipe in force after `step` updates."""
    for scheduled in settings:
        if scheduled.step > step:
            continue
        command = scheduled.command
        if isinstance(command, SetEpochs):
            config = config.model_copy(update={"epochs": command.epochs})
        else:
            options = config.optimizer_options | {"learning_rate": command.learning_rate}
            config = config.model_copy(update={"optimizer_options": options})
    return config
