"""Limits Streamlit's sessions: every client can open sessions, and each holds four file handles."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.process.connections import handle_limit, report

PATH = "/_stcore/stream"
MOST = 250
HANDLES_EACH = 16  # of the limit; Streamlit also keeps up to 128 closed sessions with three handles each
PATIENCE = 60  # seconds a new session may send nothing; a page sends at once


def most_sessions() -> int:
    """Returns how many sessions may be open at a time."""
    return min(MOST, handle_limit() // HANDLES_EACH)


class SessionLimitMiddleware:
    """Refuses sessions beyond a limit and closes unused ones.

    Args:
        app: the application.
        most: returns the limit.
        patience: seconds a new session may send nothing.
    """

    def __init__(self, app: ASGIApp, most: Callable[[], int] = most_sessions, patience: float = PATIENCE) -> None:
        self._app = app
        self._most = most
        self._patience = patience
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the connection on, or refuses it."""
        if scope["type"] != "websocket" or not scope["path"].endswith(PATH):
            await self._app(scope, receive, send)
            return
        if self._open >= self._most():
            report.warn(f"There are more than {self._most()} open pages. The newest are refused.")
            await send({"type": "websocket.close", "code": 1013})  # try again later
            return
        self._open += 1
        try:
            await self._app(scope, receive if is_known(scope) else self._in_time(receive), send)
        finally:
            self._open -= 1

    def _in_time(self, receive: Receive) -> Receive:
        heard = 0

        async def receive_in_time() -> Message:
            nonlocal heard
            if heard >= 2:  # the connection, and one message
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._patience)
            except TimeoutError:
                return {"type": "websocket.disconnect", "code": 1001}
            heard += 1
            return message

        return receive_in_time


def is_known(scope: Scope) -> bool:
    """Returns whether a page returns to its session, which it may do without sending anything.

    Streamlit's pages send "streamlit", a token and then the session as subprotocols.
    """
    return len(scope.get("subprotocols", ())) >= 3
