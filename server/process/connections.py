"""Limits connections, the time without a request, and file handles.

uvicorn accepts as many connections as there are file handles, and idle ones stay open forever. Then no
handle is left for a checkpoint, and asyncio logs a traceback for each connection that it cannot accept.
Streamlit has no setting for this, so uvicorn's protocol class is replaced by one with limits.
"""

import asyncio
import logging
import signal
import time
from typing import Any

import uvicorn

try:
    import resource
except ImportError:  # Windows: no such limit
    resource = None

ENOUGH_HANDLES = 65_536
MOST_CONNECTIONS = 1000
PATIENCE = 20  # seconds a connection may take to send a whole request
BACKLOG = 128  # connections accepted at once; those beyond the limit hold handles until they are closed
QUIET = 60  # seconds between two warnings

log = logging.getLogger(__name__)


def raise_handle_limit() -> None:
    """Raises the limit of open file handles as far as allowed."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_HANDLES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_HANDLES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def handle_limit() -> int:
    """Returns how many file handles this process may open, at most 65,536."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource else ENOUGH_HANDLES
    return ENOUGH_HANDLES if resource and soft == resource.RLIM_INFINITY else min(soft, ENOUGH_HANDLES)


def running_server() -> uvicorn.Server | None:
    """Returns the uvicorn server that runs in this thread: it handles the signals. None in tests."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None


def limit_connections(config: uvicorn.Config) -> None:
    """Sets the limits; call it before the server listens.

    Args:
        config: the server's, loaded.
    """
    config.backlog = BACKLOG
    # The rest is for Streamlit's sessions and the runs.
    most = min(MOST_CONNECTIONS, handle_limit() // 3)
    config.http_protocol_class = limited(config.http_protocol_class, most, PATIENCE)


def limited(protocol: type, most: int, patience: float) -> type:
    """Makes a protocol class with limits.

    Args:
        protocol: uvicorn's, for HTTP.
        most: connections at a time, WebSockets included. One more replaces the connection that has been idle
            longest; if all are busy, it is refused.
        patience: seconds a connection may take to send a whole request head, from its start or its last answer.

    Returns:
        The class.
    """

    class Limited(protocol):
        """One HTTP connection."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most:
                idle = [other for other in self.connections if other is not self and is_idle(other)]
                loser = min(idle, key=lambda other: other._timer.when(), default=self)
                report.warn(f"There are more than {most} connections. The oldest without a request are closed.")
                loser.transport.abort()
            self._wait_for_request()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait_for_request()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, *args: Any) -> None:
            self._stop_waiting()
            super().handle_websocket_upgrade(*args)

        def _wait_for_request(self) -> None:
            self._stop_waiting()
            self._timer = self.loop.call_later(patience, self._close_if_idle)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()

        def _close_if_idle(self) -> None:
            if is_idle(self):
                self.transport.abort()

    def is_idle(connection: Any) -> bool:
        if not isinstance(connection, Limited) or connection.transport.is_closing():
            return False
        return connection.cycle is None or connection.cycle.response_complete

    return Limited


class Report:
    """Logs a warning at most once a minute."""

    def __init__(self) -> None:
        self._due = -float("inf")

    def warn(self, sentence: str) -> None:
        """Logs a sentence, unless one was logged in the last minute."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + QUIET
            log.warning(sentence)


report = Report()
"""The process's."""


def handle_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handles an error of the event loop. A lack of file handles is one line a minute, not thousands of tracebacks."""
    if "out of system resource" in context.get("message", ""):
        report.warn("No file handle is left for another connection. Raise the limit (ulimit -n) if this continues.")
    else:
        loop.default_exception_handler(context)
