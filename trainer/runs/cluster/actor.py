"""The Ray actor of a run. This file is imported only where Ray is used: the rest of the program works without it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import ray

from trainer.runs.cluster.remote_session import Failure, Look, RemoteSession
from trainer.training.sessions.commands import Command

#: How many calls of a group run at once, beside one of all others.
GROUPS = {"control": 1}


class TrainingActor(RemoteSession):
    """A session on a node that answers questions while it trains."""

    @ray.method(concurrency_group="control")
    def look(self, commands: list[Command]) -> Look:
        """See `RemoteSession.look`."""
        return super().look(commands)

    @ray.method(concurrency_group="control")
    def provide(self, found: Mapping[str, np.ndarray] | Failure) -> None:
        """See `RemoteSession.provide`."""
        super().provide(found)

    @ray.method(concurrency_group="control")
    def mark_stored(self, number: int) -> None:
        """See `RemoteSession.mark_stored`."""
        super().mark_stored(number)
