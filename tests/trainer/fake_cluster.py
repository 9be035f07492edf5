"""A cluster without Ray: an actor is an object in this process, called by two threads of its own."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from trainer.errors import SessionLost
from trainer.runs.cluster import connection
from trainer.runs.cluster.connection import Connection
from trainer.runs.cluster.remote_session import Failure, RemoteSession
from trainer.runs.cluster.resources import ClusterView, Node

TWO_NODES = ClusterView("ready", nodes=(Node("10.0.0.1", 2, 0), Node("10.0.0.2", 2, 0)), free_cpus=3)


def connect(monkeypatch, view: ClusterView = TWO_NODES, error: Exception | None = None) -> Connection:
    """Makes TRAINDECK_RAY name a cluster that looks like `view`, or cannot be connected to because of `error`."""

    def join(_address: str) -> None:
        if error is not None:
            raise error

    monkeypatch.setenv("TRAINDECK_RAY", "auto")
    made = Connection("auto", join, lambda: view)
    monkeypatch.setattr(connection, "_connections", {"auto": made})
    made.look()
    assert made._seen.wait(10)
    return made


class FakeRemote:
    """Stands for `Remote`."""

    def __init__(self, needs):
        self.needs, self.calls, self.is_killed = needs, [], False
        self._session = RemoteSession()
        self._threads = {False: ThreadPoolExecutor(1), True: ThreadPoolExecutor(1)}

    def call(self, method, *arguments):
        """See `Remote.call`."""
        self.calls.append((method, *arguments))
        return self._threads[method in ("look", "provide", "mark_stored")].submit(
            getattr(self._session, method), *arguments
        )

    def is_ready(self, calls, seconds):
        """See `Remote.is_ready`."""
        return bool(wait(calls, seconds, return_when=FIRST_COMPLETED).done)

    def get(self, call, seconds):
        """See `Remote.get`."""
        if not wait([call], seconds).done:
            raise SessionLost("The node n has not answered.")
        answer = call.result()
        if isinstance(answer, Failure):
            raise answer.to_exception()
        return answer

    def name(self, node):
        """See `Remote.name`."""

    def kill(self):
        """See `Remote.kill`."""
        self.is_killed = True
        for threads in self._threads.values():
            threads.shutdown(wait=False)
