"""A handle on the actor of one run: calls with time limits, and losses as one kind of error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from trainer.errors import ClusterError, SessionLost
from trainer.runs.cluster.remote_session import Failure
from trainer.runs.cluster.resources import Needs


class Remote:
    """The actor of one run. It ends with `kill`, and with this process.

    Args:
        needs: what it reserves.
    """

    def __init__(self, needs: Needs):
        self._ray = sys.modules["ray"]
        self._name = "the cluster"
        from trainer.runs.cluster.actor import GROUPS, TrainingActor

        options = {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "max_restarts": 0, "concurrency_groups": GROUPS}
        with self._losses():
            self._actor = self._ray.remote(**options)(TrainingActor).remote()

    def call(self, method: str, *arguments: Any) -> Any:
        """Begins a call; returns what `is_ready` and `get` take.

        Raises:
            SessionLost: the actor is gone.
        """
        with self._losses():
            return getattr(self._actor, method).remote(*arguments)

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
        except (errors.RayError, ConnectionError, ImportError) as error:
            text = f"{type(error).__name__}: {error}"
            if "ModuleNotFoundError" in text or "ImportError" in text:
                raise ClusterError(
                    f"Traindeck cannot be imported on the node: {last_line(text)}. Install the same checkout and "
                    "requirements.txt on every node, or train on this server."
                ) from error
            raise SessionLost(f"The worker on {self._name} is gone: {describe_loss(error)}.") from error


def describe_loss(error: Exception) -> str:
    """Returns what Ray says about a lost actor, in a few words."""
    kind, text = type(error).__name__, " ".join(str(error).split())
    if kind == "OutOfMemoryError":
        return "its node ran out of memory"
    if kind == "NodeDiedError" or "node died" in text.lower() or "node has died" in text.lower():
        return "its node died"
    if kind == "ActorUnavailableError":
        return "its node cannot be reached"
    return "its process died" if "died" in text else f"{kind}: {text[:160]}"


def last_line(text: str) -> str:
    """Returns the last line of a traceback that names an import error."""
    lines = [line.strip() for line in text.splitlines() if "ModuleNotFoundError" in line or "ImportError" in line]
    return lines[-1][:200].rstrip(".")
