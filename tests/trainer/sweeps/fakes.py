"""A backend that trains nothing: an epoch's accuracy is a formula of the recipe, so that a sweep costs no time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import numpy as np

from trainer.config.run_config import RunConfig
from trainer.errors import DivergenceError
from trainer.sweeps.spec import SweepSpec
from trainer.training.sessions.commands import Commands, Scheduled, with_settings
from trainer.training.sessions.events import Ended, EpochEnd, Event, Rows, Started
from trainer.training.sessions.session import SessionState

EPOCHS = 6
FINGERPRINT = {"arithmetic": 3, "tensorflow": "none", "threads": 1, "jit_compile": False, "device": "CPU:0"}
#: Learning rates above diverge.
TOO_LARGE = 0.05


def fake_spec(**fields) -> SweepSpec:
    """Returns a sweep of an MLP on the digits."""
    config = {"model": "mlp", "dataset": "digits", "epochs": EPOCHS} | fields.pop("config", {})
    space = {"learning_rate": {"low": 1e-4, "high": 1e-1}, "units": {}, "activation": ["relu", "tanh"]}
    return SweepSpec(**{"config": config, "space": space, "runs": 12} | fields)


def accuracy(config: RunConfig, epoch: int) -> float:
    """Returns what an epoch reaches: the best learning rate is 0.003."""
    distance = abs(math.log10(config.optimizer_options["learning_rate"] / 0.003))
    return round((1 - distance / 4) * (1 - math.exp(-epoch / 2)) + 1e-6 * config.model_options["units"], 8)


class FakeBackend:
    """Yields the events of made-up sessions.

    Args:
        hold: (epoch, run number of this process from 0) before which a run waits until it is asked to end; None: never.
    """

    def __init__(self, hold: tuple[int, int] | None = None):
        self.hold, self.sessions, self.is_held = hold, 0, threading.Event()

    def __call__(self, config: RunConfig, state: SessionState, commands: Commands) -> Iterator[Event]:
        number, self.sessions = self.sessions, self.sessions + 1
        config = with_settings(config, [Scheduled(0, setting) for setting in commands.take_settings()], 0)
        yield Started(0, 0, 2, config.epochs, ("step", "epoch", "time", "loss"), config.spec, FINGERPRINT, 1)
        for epoch in range(1, config.epochs + 1):
            if (epoch, number) == self.hold:
                self.is_held.set()
                while commands.ending is None:
                    threading.Event().wait(0.002)
            if commands.ending is not None:
                yield Ended(commands.ending.event, getattr(commands.ending, "reason", ""))
                return
            if config.optimizer_options["learning_rate"] > TOO_LARGE:
                raise DivergenceError("The loss is not finite at step 1.")
            steps = np.array([2 * epoch - 1, 2 * epoch])
            columns = {"step": steps, "epoch": np.array([epoch] * 2), "time": steps * 0.1,
                       "loss": np.float32([1, 1])}  # fmt: skip
            yield Rows(2 * epoch, columns, 0.2 * epoch, 10.0)
            value = accuracy(config, epoch)
            yield EpochEnd({"epoch": epoch, "step": 2 * epoch, "time": 0.2 * epoch, "loss": 1 - value,
                            "val_loss": 1 - value, "val_accuracy": value})  # fmt: skip
        yield Ended("completed")
