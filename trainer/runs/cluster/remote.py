"""A handle on the actor of one run: calls with time limits, and losses as one kind of error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trainer
from trainer.errors import ClusterError, SessionLost
from trainer.runs.cluster.actor import Failure, RemoteSession
from trainer.runs.cluster.resources import Needs

#: Calls that are answered while `next` runs.
_CONTROL = ("look", "provide")


class Remote:
    """The actor of one run. It ends with `kill`, and with this process.

    Args:
        needs: what it reserves.
    """

    def __init__(self, needs: Needs):
        self._ray = sys.modules["ray"]
        self._name = "the cluster"
        # Where the nodes share this machine's folders, they find the same code. Elsewhere they need their own.
        path = f"{Path(trainer.__file__).parent.parent}:${{PYTHONPATH}}"
        actor = self._ray.remote(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            max_restarts=0,
            concurrency_groups={"control": 1},
            runtime_env={"env_vars": {"PYTHONPATH": path}},
        )(RemoteSession)
        with self._losses():
            self._actor = actor.remote()

    def call(self, method: str, *arguments: Any) -> Any:
        """Begins a call; returns what `is_ready` and `get` take.

        Raises:
            SessionLost: the actor is gone.
        """
        with self._losses():
            bound = getattr(self._actor, method)
            if method in _CONTROL:
                bound = bound.options(concurrency_group="control")
            return bound.remote(*arguments)

    def is_ready(self, calls: list[Any], seconds: float) -> bool:
        """Returns whether one of some calls has an answer, or has one within a time."""
        with self._losses():
            return bool(self._ray.wait(calls, num_returns=1, timeout=seconds, fetch_local=False)[0])

    def get(self, call: Any, seconds: float) -> Any:
        """Returns the answer to a call.

        Raises:
            SessionLost: the actor is gone, or did not answer in time.
            Exception: what was raised on the node.
        """
        with self._losses():
            try:
                answer = self._ray.get(call, timeout=seconds)
            except self._ray.exceptions.GetTimeoutError:
                raise SessionLost(f"The node {self._name} has not answered for {seconds:.0f} s.") from None
        if isinstance(answer, Failure):
            raise answer.to_exception()
        return answer

    def name(self, node: str) -> None:
        """Sets the node's name, for messages."""
        self._name = node

    def kill(self) -> None:
        """Ends the actor at once and frees what it reserved."""
        with contextlib.suppress(Exception):
            self._ray.kill(self._actor)

    @contextlib.contextmanager
    def _losses(self) -> Iterator[None]:
        errors = self._ray.exceptions
        try:
            yield
        except errors.RayTaskError as error:
            # The node could not even import the actor.
            raise ClusterError(
                f"Traindeck cannot be started on the node: {type(error.cause).__name__}: "
                f"{str(error.cause).strip().split(chr(10))[0][:200]}. Install the same checkout and requirements.txt "
                "on every node, or train on this server."
            ) from error
        except (errors.RayError, ConnectionError) as error:
            reason = describe_loss(error)
            raise SessionLost(f"The worker on {self._name} that trained the run is gone: {reason}.") from error


def describe_loss(error: Exception) -> str:
    """Returns the first sentence of Ray's explanation that says something."""
    kinds = {"NodeDiedError": "its node died", "OutOfMemoryError": "its node ran out of memory"}
    if type(error).__name__ in kinds:
        return kinds[type(error).__name__]
    text = " ".join(str(error).split())
    if "node died" in text.lower() or "node has died" in text.lower():
        return "its node died"
    return "its process died" if "died" in text else f"{type(error).__name__}: {text[:160]}"
